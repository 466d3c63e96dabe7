using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;

namespace Clientele.Blueprints;

/// <summary>What applying a blueprint did.</summary>
/// <param name="EventTypes">Event types registered that the organization did not know.</param>
/// <param name="Settings">Settings given a value that had none of the organization's own.</param>
/// <param name="Views">Typed views made of event types that had none, for all organizations.</param>
public sealed record AppliedBlueprint(string Blueprint, string Workspace, long EventTypes, long Settings, long Views);

/// <summary>
/// Lets a workspace speak a blueprint's words: registers its event types, makes the views that show them as tables, sets its settings where the organization has none of its
/// own, and makes it the schema that requests get who name none. Applying it again adds what is new and changes nothing else.
/// </summary>
public static class ApplyBlueprint
{
    private sealed record Workspace(Guid Id, string Slug);

    /// <param name="db">Acts for the organization, as an administrator or the platform.</param>
    /// <param name="workspace">The workspace's slug; may be left out when there is one.</param>
    /// <exception cref="SetupException">There is no such blueprint or workspace; the message names those there are.</exception>
    public static async Task<AppliedBlueprint> Apply(Db db, string name, string? workspace, CancellationToken ct)
    {
        var blueprint = Blueprint.All.FirstOrDefault(b => b.Name == name)
            ?? throw new SetupException($"There is no blueprint \"{name}\". There is: {string.Join(", ", Blueprint.All.Select(b => b.Name))}.");
        var settings = Settings(blueprint);
        return await db.InTransaction(async transaction =>
        {
            var target = await Find(transaction, workspace, ct);
            var types = await transaction.One<long>($"select events.apply_blueprint({name})", ct);
            var views = await transaction.One<long>($"select events.show_types({name})", ct);
            var set = 0L;
            foreach (var (key, value) in settings)
            {
                set += await transaction.Run($"""
                    insert into platform.setting_values (organization_id, setting_key, setting_value, data_type, change_reason)
                    select platform.organization(), {key}, {value.GetRawText()}::jsonb, {TypeOf(value)}, {$"blueprint {name}"}
                    where not exists (select from platform.setting_values v where v.organization_id = platform.organization() and v.setting_key = {key})
                    """, ct);
            }
            await transaction.Run($"update platform.workspaces w set blueprint = {name} where w.organization_id = platform.organization() and w.id = {target.Id}", ct);
            return new AppliedBlueprint(name, target.Slug, types, set, views);
        }, ct);
    }

    private static async Task<Workspace> Find(Transaction transaction, string? slug, CancellationToken ct)
    {
        var all = await transaction.List<Workspace>($"select w.id, w.slug from platform.workspaces w where w.organization_id = platform.organization() order by w.created_at", ct);
        if (slug is null && all.Count == 1) return all[0];
        var names = string.Join(", ", all.Select(w => w.Slug));
        return slug is null
            ? throw new SetupException($"There are several workspaces: {names}. Say which with --workspace.")
            : all.Find(w => w.Slug == slug) ?? throw new SetupException($"There is no workspace \"{slug}\". There is: {names}.");
    }

    private static Dictionary<string, JsonElement> Settings(Blueprint blueprint)
    {
        using var stream = typeof(Blueprint).Assembly.GetManifestResourceStream($"{blueprint.Name}/settings.json");
        return stream is null ? [] : JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(stream)!;
    }

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        _ => "string",
    };
}
