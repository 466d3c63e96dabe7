using Microsoft.AspNetCore.Builder;

namespace Clientele.Platform.Permissions;

/// <summary>
/// An act that a role may be allowed: what rows of <c>platform.role_permissions</c> are compared with. An endpoint names its act
/// with <see cref="RequirementExtensions.Requires"/>; code that decides later asks <c>Caller.Require</c>; SQL asks <c>platform.may</c>.
/// </summary>
/// <param name="Permission">Area: <c>customer_data</c>.</param>
/// <param name="Resource">Kind of thing: <c>imports</c>.</param>
/// <param name="Action"><c>create</c>, <c>read</c>, <c>update</c>, <c>delete</c> or <c>execute</c>.</param>
/// <param name="Words">What it is, after "your role does not allow you to".</param>
public sealed record Can(string Permission, string Resource, string Action, string Words)
{
    /// <summary>See customers, orders, events and figures about them.</summary>
    public static Can ReadCustomers { get; } = new("customer_data", "customers", "read", "see customers and their orders");

    /// <summary>Merge and erase customers.</summary>
    public static Can ManageCustomers { get; } = new("customer_data", "customers", "delete", "merge and erase customers");

    /// <summary>Start, cancel and undo imports.</summary>
    public static Can Import { get; } = new("customer_data", "imports", "create", "import data");

    /// <summary>See imports and what came of them.</summary>
    public static Can ReadImports { get; } = new("customer_data", "imports", "read", "see imports");

    /// <summary>Ask questions about behaviour.</summary>
    public static Can Analyse { get; } = new("analytics", "queries", "read", "ask questions about behaviour");

    /// <summary>Watch what comes in.</summary>
    public static Can WatchCollection { get; } = new("collection", "events", "read", "watch what comes in");

    /// <summary>See where events come from, with the keys they come by.</summary>
    public static Can ManageSources { get; } = new("collection", "sources", "update", "see the sources and their keys");

    /// <summary>See and open documents of customers that are not sensitive.</summary>
    public static Can ReadDocuments { get; } = new("customer_data", "files", "read", "see customers' documents");

    /// <summary>Add documents to customers.</summary>
    public static Can AddDocuments { get; } = new("customer_data", "files", "create", "add documents to customers");

    /// <summary>Delete documents of customers.</summary>
    public static Can DeleteDocuments { get; } = new("customer_data", "files", "delete", "delete customers' documents");

    /// <summary>See and open the organization's own files that are not sensitive.</summary>
    public static Can ReadFiles { get; } = new("files", "files", "read", "see the organization's files");

    /// <summary>Add files to the organization's own.</summary>
    public static Can AddFiles { get; } = new("files", "files", "create", "add files");

    /// <summary>Delete the organization's own files.</summary>
    public static Can DeleteFiles { get; } = new("files", "files", "delete", "delete files");

    /// <summary>Open files that are marked sensitive, whosever they are: pictures of identity cards.</summary>
    public static Can OpenSensitiveFiles { get; } = new("sensitive_data", "files", "read", "open sensitive files");

    /// <summary>Change the organization and its workspaces.</summary>
    public static Can Administer { get; } = new("organization_management", "organization", "update", "change the organization");

    /// <summary>See who changed what.</summary>
    public static Can ReadTrail { get; } = new("organization_management", "audit", "read", "read who changed what");

    /// <summary>See how the platform does.</summary>
    public static Can ReadHealth { get; } = new("organization_management", "health", "read", "see how the platform does");

    /// <summary>See the error log.</summary>
    public static Can ReadErrors { get; } = new("organization_management", "errors", "read", "see the error log");

    /// <summary>Say that an error is dealt with.</summary>
    public static Can ResolveErrors { get; } = new("organization_management", "errors", "update", "resolve errors");

    /// <summary>See what concerns the whole installation. The super administrator's alone, and only in the organization that runs it.</summary>
    public static Can Operate { get; } = new("platform_management", "installation", "read", "see what concerns the whole installation");

    /// <summary>See who works here, in which role, and what roles may do.</summary>
    public static Can ReadPeople { get; } = new("user_management", "platform_users", "read", "see who works here");

    /// <summary>Invite people.</summary>
    public static Can InvitePeople { get; } = new("user_management", "platform_users", "create", "invite people");

    /// <summary>Change people's roles, suspend them and let them in again.</summary>
    public static Can ChangePeople { get; } = new("user_management", "platform_users", "update", "change people");

    /// <summary>Remove people, and withdraw invitations.</summary>
    public static Can RemovePeople { get; } = new("user_management", "platform_users", "delete", "remove people");

    /// <summary>Make roles and say what they may do. The super administrator's alone: no row gives it to another role.</summary>
    public static Can ManageRoles { get; } = new("platform_management", "roles", "update", "change roles and permissions");

    /// <summary>Hand the organization over, close and reopen it. The super administrator's alone.</summary>
    public static Can OwnOrganization { get; } = new("platform_management", "organization", "delete", "hand over or close the organization");

    /// <summary>See backups of the installation, make them and try them. The super administrator's alone.</summary>
    public static Can ManageBackups { get; } = new("platform_management", "backups", "execute", "make and see backups");

    /// <summary>What endpoints ask for, for people who decide what a role may do.</summary>
    public static IReadOnlyList<Can> All { get; } =
    [
        ReadCustomers, ManageCustomers, ReadDocuments, AddDocuments, DeleteDocuments, ReadFiles, AddFiles, DeleteFiles, OpenSensitiveFiles, ReadImports, Import, Analyse, WatchCollection, ManageSources, Administer, ReadTrail,
        ReadHealth, ReadErrors, ResolveErrors, ReadPeople, InvitePeople, ChangePeople, RemovePeople, ManageRoles, OwnOrganization, Operate, ManageBackups,
    ];

    /// <inheritdoc/>
    public override string ToString() => $"{Permission}:{Resource}:{Action}";
}

/// <summary>The one rule of permissions, as <c>platform.may</c> has it in SQL; a test holds the two together.</summary>
public static class Grants
{
    /// <param name="role">Null for nobody: nothing is allowed.</param>
    /// <param name="granted">Rows of the role, as <c>permission:resource:action</c>.</param>
    public static bool Allow(string? role, IReadOnlyList<string> granted, Can act)
    {
        if (role is null) return false;
        if (role == "super_admin") return true;
        // The super administrator's own: a row that says "everything" does not mean it.
        if (act.Permission == "platform_management") return false;
        foreach (var row in granted)
        {
            var words = row.Split(':');
            if ((words[0] == "*" || words[0] == act.Permission) && (words[1] == "*" || words[1] == act.Resource) && (words[2] == "*" || words[2] == act.Action)) return true;
        }
        return false;
    }
}

/// <summary>Metadata of an endpoint: who calls it must be allowed the act. Checked before the handler runs.</summary>
public sealed record Requirement(Can Act);

/// <summary>Marks endpoints.</summary>
public static class RequirementExtensions
{
    /// <summary>Only callers whose role allows the act get through. On an endpoint it takes the place of what its group says.</summary>
    public static T Requires<T>(this T endpoint, Can act) where T : IEndpointConventionBuilder => endpoint.WithMetadata(new Requirement(act));
}
