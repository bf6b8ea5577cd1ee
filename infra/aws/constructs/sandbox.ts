import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";

/**
 * Whom code of a model runs as: nobody. The role has no permission at all, not even for logs, so that
 * its credentials, which such code can always read, are worth nothing.
 */
export class Sandbox extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      description: "Sandbox: may do nothing",
    });
  }
}
