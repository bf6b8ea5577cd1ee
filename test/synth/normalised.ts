/** A template without what changes from build to build: the hashes of assets and of the API's deployment. */
export const normalised = (template: unknown): unknown =>
  JSON.parse(
    JSON.stringify(template)
      .replaceAll(/[0-9a-f]{64}(?=\.zip|\.json|")/g, "<asset>")
      .replaceAll(/(GatewayDeployment[0-9A-F]{8})[0-9a-f]{32}/g, "$1<content>"),
  );
