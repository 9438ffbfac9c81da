const OTHER_USERS = 0o007;

/** Whether users other than the owner and the group may access a file. @param mode as `stat` returns it */
export const isOpenToOthers = (mode: number): boolean => (mode & OTHER_USERS) !== 0;
