using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Organizations;

/// <summary>POST /api/organization/transfer, /close and /reopen: what only a super administrator does.</summary>
internal static class HandOver
{
    /// <summary>How long a closed organization can be reopened.</summary>
    public const int GraceDays = 30;

    /// <param name="To">An active member: becomes super administrator, and whoever asks an administrator.</param>
    public sealed record TransferRequest(Guid To);

    /// <param name="Name">Of the organization, typed again.</param>
    public sealed record CloseRequest(string? Name);

    /// <param name="DeletedAfter">Until then it can be reopened.</param>
    public sealed record ClosedView(DateTimeOffset ClosedAt, DateTimeOffset DeletedAfter);

    public static async Task<IResult> Transfer(TransferRequest request, Caller caller, Db db, CancellationToken ct)
    {
        if (request.To == caller.UserId) throw Problem.Invalid("to", "Choose somebody else.");
        if (await db.Find<string>($"select m.status from platform.members m where m.id = {request.To}", ct) is not "active") throw Problem.Invalid("to", "Choose an active member of this organization.");
        await db.InTransaction(async t =>
        {
            await t.Run($"update platform.members m set role = 'super_admin' where m.id = {request.To} and m.role <> 'super_admin'", ct);
            await t.Run($"update platform.members m set role = 'admin' where m.id = {caller.UserId}", ct);
            await t.One<Guid>($"select platform.audit('update', 'organization', platform.organization()::text, 'Handed the organization over', new_values => jsonb_build_object('to', {request.To}), severity => 'warning')", ct);
        }, ct);
        return Results.NoContent();
    }

    /// <summary>Shuts it to everybody and its keys; after the grace period it is deleted with all it holds.</summary>
    public static async Task<ClosedView> Close(CloseRequest request, Caller caller, Db db, Databases databases, CancellationToken ct)
    {
        var name = await db.One<string>($"select o.name from platform.organizations o where o.id = platform.organization()", ct);
        if (request.Name?.Trim() != name) throw Problem.Invalid("name", "Type the organization's name as it stands.");
        await db.One<Guid>($"select platform.audit('delete', 'organization', platform.organization()::text, 'Closed the organization', severity => 'critical')", ct);
        // What is running ends at its next step; what is due does not begin.
        return await new Db(databases.Service, Tenant.None).One<ClosedView>($"""
            with ending as (
                update platform.job_runs r set cancel_requested_at = coalesce(r.cancel_requested_at, now())
                where r.organization_id = {caller.OrganizationId} and r.status = 'running'
            )
            update platform.organizations o set closed_at = coalesce(o.closed_at, now()), closed_by = {caller.UserId}
            where o.id = {caller.OrganizationId} returning o.closed_at, o.closed_at + make_interval(days => {GraceDays}) as deleted_after
            """, ct);
    }

    public static async Task<IResult> Reopen(Caller caller, Db db, Databases databases, CancellationToken ct)
    {
        if (await new Db(databases.Service, Tenant.None).Run($"update platform.organizations o set closed_at = null, closed_by = null where o.id = {caller.OrganizationId} and o.closed_at is not null", ct) == 0)
            throw new Problem(409, "wrong_state", "The organization is open.");
        await db.One<Guid>($"select platform.audit('update', 'organization', platform.organization()::text, 'Reopened the organization', severity => 'warning')", ct);
        return Results.NoContent();
    }
}
