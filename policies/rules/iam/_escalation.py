"""Sets of actions with which an identity can give itself more than it was given."""

from __future__ import annotations

PATHS: tuple[tuple[str, ...], ...] = (
    # Changing what policies say, or who has them.
    ("iam:CreatePolicyVersion",),
    ("iam:SetDefaultPolicyVersion",),
    ("iam:AttachUserPolicy",),
    ("iam:AttachGroupPolicy",),
    ("iam:AttachRolePolicy",),
    ("iam:PutUserPolicy",),
    ("iam:PutGroupPolicy",),
    ("iam:PutRolePolicy",),
    ("iam:AddUserToGroup",),
    ("iam:DeleteRolePermissionsBoundary",),
    ("iam:PutRolePermissionsBoundary",),
    ("iam:DeleteUserPermissionsBoundary",),
    # Becoming somebody else.
    ("iam:CreateAccessKey",),
    ("iam:CreateLoginProfile",),
    ("iam:UpdateLoginProfile",),
    ("iam:UpdateAssumeRolePolicy",),
    ("iam:CreateServiceSpecificCredential",),
    ("eks:CreateAccessEntry", "eks:AssociateAccessPolicy"),
    # Handing a role to something that one controls.
    ("iam:PassRole", "ec2:RunInstances"),
    ("iam:PassRole", "ec2:AssociateIamInstanceProfile"),
    ("iam:PassRole", "lambda:CreateFunction"),
    ("iam:PassRole", "ecs:RunTask"),
    ("iam:PassRole", "ecs:RegisterTaskDefinition"),
    ("iam:PassRole", "cloudformation:CreateStack"),
    ("iam:PassRole", "codebuild:CreateProject"),
    ("iam:PassRole", "codepipeline:CreatePipeline"),
    ("iam:PassRole", "datapipeline:CreatePipeline"),
    ("iam:PassRole", "glue:CreateDevEndpoint"),
    ("iam:PassRole", "glue:CreateJob"),
    ("iam:PassRole", "sagemaker:CreateNotebookInstance"),
    ("iam:PassRole", "sagemaker:CreateTrainingJob"),
    ("iam:PassRole", "sagemaker:CreateProcessingJob"),
    ("iam:PassRole", "states:CreateStateMachine"),
    ("iam:PassRole", "scheduler:CreateSchedule"),
    ("iam:PassRole", "batch:RegisterJobDefinition"),
    ("iam:PassRole", "eks:CreatePodIdentityAssociation"),
    ("iam:PassRole", "ssm:StartAutomationExecution"),
    # Running code in something that has a role already.
    ("lambda:UpdateFunctionCode",),
    ("glue:UpdateDevEndpoint",),
    ("codebuild:UpdateProject",),
    ("sagemaker:CreatePresignedNotebookInstanceUrl",),
    ("ec2:ModifyInstanceAttribute", "ec2:StartInstances"),
)
