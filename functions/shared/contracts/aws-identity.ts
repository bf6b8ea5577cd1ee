import { z } from "zod";

/** Who asks a model on AWS, and in which region: by signature, or by a Bedrock API key. */
export const AwsIdentity = z.union([
  z.object({ region: z.string().min(1), bearerToken: z.string().min(1) }),
  z.object({
    region: z.string().min(1),
    accessKeyId: z.string().min(1),
    secretAccessKey: z.string().min(1),
    /** Temporary credentials, such as a role's, have one. */
    sessionToken: z.string().min(1).optional(),
  }),
]);
export type AwsIdentity = z.infer<typeof AwsIdentity>;
