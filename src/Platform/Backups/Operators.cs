using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;

namespace Clientele.Platform.Backups;

/// <summary>
/// Who runs the installation: of the organization it began with, the oldest that is not closed. Super administrators of later
/// ones are masters of theirs, and of nothing they share with others.
/// </summary>
internal static class Operators
{
    /// <exception cref="Problem">403: of another organization.</exception>
    public static async Task Require(Caller caller, Databases databases, CancellationToken ct)
    {
        if (!await new Db(databases.Service, Tenant.None).One<bool>($"""
            select {caller.OrganizationId} = (select o.id from platform.organizations o where o.closed_at is null order by o.created_at, o.id limit 1)
            """, ct))
            throw new Problem(403, "not_an_operator", "This concerns the whole installation. Only super administrators of the organization it began with see it.");
    }
}
