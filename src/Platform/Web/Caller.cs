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
    public string? Role { get; internal set; }

    /// <summary>What the transactions of this request carry.</summary>
    public Tenant Tenant => OrganizationId is { } organization
        ? new Tenant(organization, UserId, Role is "super_admin" or "admin" ? Access.Admin : Access.Member)
        : Tenant.None;

    /// <summary>Refuses with 403 unless the role allows it.</summary>
    public void Require(Can permission)
    {
        if (!Permissions.Allows(Role, permission)) throw Problem.Forbidden(Permissions.Describe(permission));
    }
}

/// <summary>What a role may do.</summary>
public enum Can
{
    /// <summary>Start, cancel and undo imports.</summary>
    Import,
    /// <summary>Change the organization.</summary>
    Administer,
    /// <summary>Merge and erase customers.</summary>
    ManageCustomers,
}

internal static class Permissions
{
    public static bool Allows(string? role, Can permission) => permission switch
    {
        Can.Import => role is "super_admin" or "admin" or "marketing_manager",
        Can.Administer or Can.ManageCustomers => role is "super_admin" or "admin",
        _ => false,
    };

    public static string Describe(Can permission) => permission switch
    {
        Can.Import => "import data",
        Can.Administer => "change the organization",
        Can.ManageCustomers => "merge and erase customers",
        _ => "do this",
    };
}
