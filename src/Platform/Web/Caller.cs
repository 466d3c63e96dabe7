using Clientele.Platform.Permissions;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;

namespace Clientele.Platform.Web;

/// <summary>The person behind a request and the organization it is about. Filled by <see cref="Authentication"/>.</summary>
public sealed class Caller
{
    public Guid SessionId { get; internal set; }
    public Guid UserId { get; internal set; }
    public bool SignedIn { get; internal set; }
    public bool MustChangePassword { get; internal set; }
    public Guid? OrganizationId { get; internal set; }

    /// <summary>The workspace the person works in; null: in all of them.</summary>
    public Guid? WorkspaceId { get; internal set; }

    public string? Role { get; internal set; }

    /// <summary>What the role may do, as <c>permission:resource:action</c>, with <c>*</c> for every one.</summary>
    public IReadOnlyList<string> Granted { get; internal set; } = [];

    /// <summary>The role reaches the tables of administrators.</summary>
    internal bool IsAdministrator { get; set; }

    /// <summary>What the transactions of this request carry.</summary>
    public Tenant Tenant => OrganizationId is { } organization
        ? new Tenant(organization, UserId, IsAdministrator ? Access.Admin : Access.Member, WorkspaceId)
        : Tenant.None;

    /// <summary>Whether the role allows it: the rule of <c>platform.may</c>.</summary>
    public bool May(Can act) => Grants.Allow(Role, Granted, act);

    /// <summary>Refuses with 403 unless the role allows it.</summary>
    public void Require(Can act)
    {
        if (!May(act)) throw Problem.Forbidden(act.Words);
    }
}
