/** What names in a template referred to when its request began. All launches of the request use the same. */
export interface ResolvedTemplate {
  readonly imageId?: string;
  /** Version of the site's own launch template. */
  readonly launchTemplateVersion?: string;
}
