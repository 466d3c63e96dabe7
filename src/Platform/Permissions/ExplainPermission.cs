using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Permissions;

/// <summary>GET /api/people/{id}/may: may this person do that, and why.</summary>
internal static class ExplainPermission
{
    /// <param name="Why"><c>super_admin</c>: may everything; <c>granted</c>: by <paramref name="Rows"/>; <c>not_granted</c>: no row says so;
    /// <c>super_admin_only</c>: no row can say so; <c>not_active</c>: suspended, or has not accepted yet.</param>
    /// <param name="Rows">The rows of the role that allow it.</param>
    /// <param name="Near">Rows of the role about the same area that do not reach for it.</param>
    /// <param name="Roles">Roles that may.</param>
    public sealed record View(bool Allowed, string Why, string? Name, string Role, string Status, IReadOnlyList<ManageRoles.Row> Rows, IReadOnlyList<ManageRoles.Row> Near, IReadOnlyList<string> Roles);

    private sealed record Person(string? Name, string Role, string Status);

    public static async Task<View> Handle(Guid id, string permission, string resource, string action, Db db, CancellationToken ct)
    {
        var person = await db.Find<Person>($"select coalesce(m.name, m.email) as name, m.role, m.status from platform.members m where m.id = {id}", ct) ?? throw Problem.NotFound("person");
        if (action is not ("create" or "read" or "update" or "delete" or "execute")) throw Problem.Invalid("action", "The action is create, read, update, delete or execute.");
        var act = new Can(permission, resource, action, string.Empty);
        var rows = await db.List<ManageRoles.Row>($"""
            select p.permission, p.resource, p.action from platform.role_permissions p
            where p.organization_id = platform.organization() and p.role = {person.Role} and p.is_active order by 1, 2, 3
            """, ct);
        // The answer is the database's; the words around it only tell of it.
        var allowed = await db.One<bool>($"select platform.may({person.Role}, {permission}, {resource}, {action})", ct);
        var roles = await db.List<string>($"""
            select r.role from platform.organization_roles r
            where r.organization_id = platform.organization() and platform.may(r.role, {permission}, {resource}, {action}) order by r.rank, r.role
            """, ct);
        var reaching = rows.Where(r => Grants.Allow(person.Role == "super_admin" ? "any" : person.Role, [$"{r.Permission}:{r.Resource}:{r.Action}"], act)).ToList();
        var why = person.Status != "active" ? "not_active" : person.Role == "super_admin" ? "super_admin" : allowed ? "granted" : permission == "platform_management" ? "super_admin_only" : "not_granted";
        return new View(allowed && person.Status == "active", why, person.Name, person.Role, person.Status, reaching,
            allowed ? [] : [.. rows.Where(r => r.Permission == permission || r.Resource == resource)], roles);
    }
}
