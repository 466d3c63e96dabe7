using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Permissions;

/// <summary>GET, POST /api/roles and PUT, DELETE /api/roles/{role}: the five roles, those of the organization's own, and what each may do.</summary>
internal static partial class ManageRoles
{
    private const int MostRows = 200;

    /// <param name="Acts">What endpoints ask for.</param>
    public sealed record View(IReadOnlyList<RoleView> Roles, IReadOnlyList<ActView> Acts);

    /// <param name="Rank">1 is the highest; nobody gives or touches a role above their own.</param>
    /// <param name="Access">Which tables it reaches: <c>member</c>, or <c>admin</c> for those of administrators too.</param>
    public sealed record RoleView(string Role, string? Name, string Description, short Rank, string Access, bool IsCustom, long Members, IReadOnlyList<Row> Permissions);

    public sealed record Row(string Permission, string Resource, string Action);

    /// <param name="Roles">Those that may.</param>
    public sealed record ActView(string Permission, string Resource, string Action, string Words, IReadOnlyList<string> Roles);

    /// <param name="Beside">One of the five but the super administrator: the new role ranks with it and reaches the same tables.</param>
    /// <param name="Permissions">All of them; what is not named is taken away.</param>
    public sealed record Request(string? Role, string? Name, string? Description, string? Beside, IReadOnlyList<Row>? Permissions);

    private sealed record Found(string Role, string? Name, string Description, short Rank, string Access, bool IsCustom, long Members, JsonElement Permissions);

    public static async Task<View> Get(Db db, CancellationToken ct)
    {
        var found = await db.List<Found>($"""
            select r.role, r.name, r.description, r.rank, r.access, r.is_custom,
                   (select count(*) from platform.organization_members m where m.organization_id = r.organization_id and m.role = r.role) as members,
                   (select coalesce(jsonb_agg(jsonb_build_object('permission', p.permission, 'resource', p.resource, 'action', p.action) order by p.permission, p.resource, p.action), '[]')
                    from platform.role_permissions p where p.organization_id = r.organization_id and p.role = r.role and p.is_active) as permissions
            from platform.organization_roles r
            where r.organization_id = platform.organization()
            order by r.rank, r.is_custom, r.role
            """, ct);
        var roles = found.Select(f => new RoleView(f.Role, f.Name, f.Description, f.Rank, f.Access, f.IsCustom, f.Members, f.Permissions.Deserialize<List<Row>>(ApiJson.Options)!)).ToList();
        var acts = Can.All.Select(act => new ActView(act.Permission, act.Resource, act.Action, act.Words,
            [.. roles.Where(r => Grants.Allow(r.Role, [.. r.Permissions.Select(p => $"{p.Permission}:{p.Resource}:{p.Action}")], act)).Select(r => r.Role)])).ToList();
        return new View(roles, acts);
    }

    public static async Task<RoleView> Post(Request request, Db db, CancellationToken ct)
    {
        if (request.Role is not { } role || !Word().IsMatch(role)) throw Problem.Invalid("role", "The role's word has lower-case letters, digits and _, and begins with a letter; 50 at most.");
        if (request.Beside is not ("admin" or "marketing_manager" or "data_analyst" or "viewer")) throw Problem.Invalid("beside", "The role ranks beside admin, marketing_manager, data_analyst or viewer.");
        CheckWords(request);
        var rows = Rows(request.Permissions ?? []);
        await db.InTransaction(async t =>
        {
            // One entry for a role and its rows, in place of theirs.
            await t.Run($"select set_config('clientele.told', 'on', true)", ct);
            if (await t.Run($"""
                insert into platform.organization_roles (organization_id, role, rank, access, name, description)
                select platform.organization(), {role}, b.rank, b.access, {request.Name?.Trim() ?? role}, {request.Description?.Trim() ?? string.Empty}
                from platform.organization_roles b where b.organization_id = platform.organization() and b.role = {request.Beside}
                on conflict do nothing
                """, ct) == 0) throw new Problem(409, "already_exists", "There is a role of this word already. Choose another.") { Errors = new Dictionary<string, string[]> { ["role"] = ["There is one already."] } };
            await Write(t, role, rows, ct);
            await t.One<Guid>($"select platform.audit('create', 'role', {role}, 'Made a role', new_values => {Values(rows)})", ct);
        }, ct);
        return (await Get(db, ct)).Roles.First(r => r.Role == role);
    }

    public static async Task<RoleView> Put(string role, Request request, Db db, CancellationToken ct)
    {
        var before = (await Get(db, ct)).Roles.FirstOrDefault(r => r.Role == role) ?? throw Problem.NotFound("role");
        if (role == "super_admin") throw new Problem(409, "wrong_state", "The super administrator may do everything, whatever its rows say; they cannot be changed.");
        if (!before.IsCustom && (request.Name ?? request.Description ?? request.Beside) is not null) throw Problem.Invalid("name", "The five roles keep their names and ranks; only what they may do can be changed.");
        if (request.Beside is not null) throw Problem.Invalid("beside", "A role keeps its rank. Make another one instead.");
        CheckWords(request);
        var rows = request.Permissions is { } given ? Rows(given) : null;
        await db.InTransaction(async t =>
        {
            if (before.IsCustom)
                await t.Run($"""
                    update platform.organization_roles r set name = coalesce({request.Name?.Trim()}, r.name), description = coalesce({request.Description?.Trim()}, r.description)
                    where r.organization_id = platform.organization() and r.role = {role}
                    """, ct);
            if (rows is null) return;
            // One entry for a role and its rows, in place of theirs.
            await t.Run($"select set_config('clientele.told', 'on', true)", ct);
            await Write(t, role, rows, ct);
            await t.One<Guid>($"select platform.audit('update', 'role', {role}, 'Changed what a role may do', old_values => {Values(before.Permissions)}, new_values => {Values(rows)}, severity => 'warning')", ct);
        }, ct);
        return (await Get(db, ct)).Roles.First(r => r.Role == role);
    }

    public static async Task<IResult> Delete(string role, Db db, CancellationToken ct)
    {
        var before = (await Get(db, ct)).Roles.FirstOrDefault(r => r.Role == role) ?? throw Problem.NotFound("role");
        if (!before.IsCustom) throw new Problem(409, "wrong_state", "The five roles stay. Take away what they may do instead.");
        if (before.Members > 0) throw new Problem(409, "in_use", "People have this role. Give them another one first.");
        await db.InTransaction(async t =>
        {
            // One entry for a role and its rows, in place of theirs.
            await t.Run($"select set_config('clientele.told', 'on', true)", ct);
            await t.Run($"delete from platform.organization_roles r where r.organization_id = platform.organization() and r.role = {role}", ct);
            await t.One<Guid>($"select platform.audit('delete', 'role', {role}, 'Deleted a role', old_values => {Values(before.Permissions)})", ct);
        }, ct);
        return Results.NoContent();
    }

    private static void CheckWords(Request request)
    {
        if (request.Name is { } name && name.Trim().Length is 0 or > 100) throw Problem.Invalid("name", "The name has 1 to 100 characters.");
        if (request.Description is { Length: > 500 }) throw Problem.Invalid("description", "The description has at most 500 characters.");
    }

    private static List<Row> Rows(IReadOnlyList<Row> rows)
    {
        if (rows.Count > MostRows) throw Problem.Invalid("permissions", $"A role has at most {MostRows} permissions; use * for every one.");
        foreach (var (row, n) in rows.Select((row, n) => (row, n)))
        {
            if (row?.Permission is not { } permission || !Part().IsMatch(permission)) throw Problem.Invalid($"permissions[{n}].permission", "A permission is a lower-case word such as customer_data, or *.");
            if (permission == "platform_management") throw Problem.Invalid($"permissions[{n}].permission", "Managing the platform is the super administrator's alone.");
            if (row.Resource is not { Length: <= 50 } resource || !Part().IsMatch(resource)) throw Problem.Invalid($"permissions[{n}].resource", "A resource is a lower-case word such as customers, or *.");
            if (row.Action is not ("create" or "read" or "update" or "delete" or "execute" or "*")) throw Problem.Invalid($"permissions[{n}].action", "The action is create, read, update, delete, execute or *.");
        }
        return [.. rows.Distinct()];
    }

    private static async Task Write(Transaction t, string role, List<Row> rows, CancellationToken ct)
    {
        var (permissions, resources, actions) = (rows.Select(r => r.Permission).ToArray(), rows.Select(r => r.Resource).ToArray(), rows.Select(r => r.Action).ToArray());
        await t.Run($"""
            delete from platform.role_permissions p
            where p.organization_id = platform.organization() and p.role = {role}
            and (p.permission, p.resource, p.action) not in (select * from unnest({permissions}, {resources}, {actions}))
            """, ct);
        await t.Run($"""
            insert into platform.role_permissions (organization_id, role, permission, resource, action)
            select platform.organization(), {role}, w.* from unnest({permissions}, {resources}, {actions}) as w
            on conflict (organization_id, role, permission, resource, action) do update set is_active = true
            """, ct);
    }

    private static JsonElement Values(IReadOnlyList<Row> rows) => JsonSerializer.SerializeToElement(new { permissions = rows.Select(r => $"{r.Permission}:{r.Resource}:{r.Action}") }, ApiJson.Options);

    [GeneratedRegex("^[a-z][a-z0-9_]{0,49}$")]
    private static partial Regex Word();

    [GeneratedRegex(@"^([a-z][a-z0-9_]{0,99}|\*)$")]
    private static partial Regex Part();
}
