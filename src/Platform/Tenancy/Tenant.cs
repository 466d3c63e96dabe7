using Clientele.Platform.Data;

namespace Clientele.Platform.Tenancy;

/// <summary>
/// How much a caller may see inside an organization, from least to most. Each table names the least that reads it
/// (see <c>platform.protect</c>).
/// </summary>
public enum Access
{
    /// <summary>A visitor of one workspace's site or app.</summary>
    Visitor,
    /// <summary>A secret key of the organization.</summary>
    Key,
    /// <summary>A signed-in member of staff.</summary>
    Member,
    /// <summary>An administrator.</summary>
    Admin,
    /// <summary>The platform itself, acting for one organization (a job, an import).</summary>
    System,
}

/// <summary>Who acts, for which organization. Set on every transaction; row-level security reads it.</summary>
public sealed record Tenant(Guid? OrganizationId, Guid? ActorId, Access Access, Guid? WorkspaceId = null)
{
    /// <summary>Nobody yet: sees public rows only.</summary>
    public static Tenant None { get; } = new(null, null, Access.Visitor);

    /// <summary>The platform acting for one organization, without a person behind it.</summary>
    public static Tenant System(Guid organizationId) => new(organizationId, null, Access.System);

    internal Sql Settings
    {
        get
        {
            var (organization, actor, access, workspace, request) = (Text(OrganizationId), Text(ActorId), Words.Of(Access), Text(WorkspaceId), Request ?? string.Empty);
            return $"""
                select set_config('clientele.organization_id', {organization}, true), set_config('clientele.actor_id', {actor}, true),
                       set_config('clientele.access', {access}, true), set_config('clientele.workspace_id', {workspace}, true),
                       set_config('clientele.request', {request}, true)
                """;
        }
    }

    /// <summary>What the audit trail says of the request; see <see cref="RequestFacts"/>. Null: none, as in a job.</summary>
    public string? Request { get; init; }

    private static string Text(Guid? id) => id?.ToString() ?? string.Empty;
}
