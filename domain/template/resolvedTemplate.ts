/** What the names of a template stood for when its request began; all launches of the request mean the same. */
export interface ResolvedTemplate {
  readonly imageId?: string;
  /** Of the site's own launch template. */
  readonly launchTemplateVersion?: string;
}
