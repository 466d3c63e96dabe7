using Clientele.Platform.Data;
using Clientele.Platform.Permissions;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;

namespace Clientele.Platform.Health;

/// <summary>
/// Who runs the installation: super administrators of the organization it began with, which is recorded (<c>platform.installation</c>) and goes to no other. Super
/// administrators of later ones are masters of theirs, and of nothing they share with others.
/// </summary>
internal static class Operators
{
    public static async Task<bool> Include(Caller caller, Databases databases, CancellationToken ct) =>
        caller.May(Can.Operate) && await new Db(databases.Service, Tenant.None).One<bool>($"select exists (select from platform.installation i where i.operated_by = {caller.OrganizationId})", ct);

    /// <exception cref="Problem">403: not an operator.</exception>
    public static async Task Require(Caller caller, Databases databases, CancellationToken ct)
    {
        if (!await Include(caller, databases, ct))
            throw new Problem(403, "not_an_operator", "This concerns the whole installation. Only super administrators of the organization it began with see it.");
    }
}
