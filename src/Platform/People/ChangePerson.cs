using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.People;

/// <summary>PUT and DELETE /api/people/{id}. Who may make whom what is <c>platform.write_member</c>'s to say.</summary>
internal static class ChangePerson
{
    /// <param name="Status"><c>active</c> or <c>suspended</c>.</param>
    public sealed record Request(string? Role = null, string? Status = null);

    private sealed record Before(string? Email, string Role, string Status);

    public static async Task<ListPeople.View> Put(Guid id, Request request, Db db, CancellationToken ct)
    {
        if (request.Status is not (null or "active" or "suspended")) throw Problem.Invalid("status", "The status is active or suspended.");
        var before = await Find(id, db, ct);
        if (request.Status is { } status && status != before.Status && before.Status is "pending_invitation") throw new Problem(409, "wrong_state", "This person has not accepted yet. Withdraw the invitation instead.");
        if (request.Role is not null) await InvitePerson.RequireRole(request.Role, db, ct);
        await db.InTransaction(async t =>
        {
            // One entry for what is changed at once, in place of the tables' own.
            await t.Run($"select set_config('clientele.told', 'on', true)", ct);
            // Only what is said: whatever else is written would be somebody's own to write.
            if (request.Role is { } role && role != before.Role) await t.Run($"update platform.members m set role = {role} where m.id = {id}", ct);
            if (request.Status is { } status && status != before.Status) await t.Run($"update platform.members m set status = {status} where m.id = {id}", ct);
            await t.One<Guid>($"""
                select platform.audit('update', 'platform_user', {id}::text, 'Changed a member', old_values => jsonb_build_object('role', {before.Role}, 'status', {before.Status}),
                                      new_values => jsonb_build_object('role', {request.Role ?? before.Role}, 'status', {request.Status ?? before.Status}))
                """, ct);
        }, ct);
        return await db.One<ListPeople.View>(ListPeople.Select($"where m.id = {id}"), ct);
    }

    /// <summary>Removes a member, or withdraws an invitation. An account that belongs nowhere else goes with it.</summary>
    public static async Task<IResult> Delete(Guid id, Db db, CancellationToken ct)
    {
        var before = await Find(id, db, ct);
        await db.InTransaction(async t =>
        {
            await t.Run($"select set_config('clientele.told', 'on', true)", ct);
            await t.Run($"delete from platform.members m where m.id = {id}", ct);
            await t.One<Guid>($"""
                select platform.audit('delete', 'platform_user', {id}::text, 'Removed a member', old_values => jsonb_build_object('email', {before.Email}, 'role', {before.Role}, 'status', {before.Status}))
                """, ct);
        }, ct);
        return Results.NoContent();
    }

    private static async Task<Before> Find(Guid id, Db db, CancellationToken ct) =>
        await db.Find<Before>($"select m.email, m.role, m.status from platform.members m where m.id = {id}", ct) ?? throw Problem.NotFound("person");
}
