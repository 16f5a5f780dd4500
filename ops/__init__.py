"""Commands for whoever runs a plane; each speaks to AWS through boto3 and reads Pulumi's state, never the program."""
