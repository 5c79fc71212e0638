/** What the pages' scripts use of the vendored library. */
interface Window {
  htmx?: {
    ajax(method: string, url: string, options: { source?: Element; target?: Element; select?: string | null; swap?: string }): Promise<void>;
  };
}
