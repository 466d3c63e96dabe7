using System.Text.Json;
using Clientele.Platform.Data;

namespace Clientele.Platform.Settings;

/// <summary>GET /api/settings/{key}/history: its last 200 changes in an environment, newest first.</summary>
internal static class ListSettingHistory
{
    public sealed record ListView(IReadOnlyList<Change> Items);

    /// <param name="OldValue">Null: the default applied, or it is sensitive.</param>
    /// <param name="NewValue">Null: the default applies again, or it is sensitive.</param>
    /// <param name="By">Null: the platform itself, or an account that is gone.</param>
    public sealed record Change(Guid Id, DateTimeOffset At, string? By, string? Reason, JsonElement? OldValue, JsonElement? NewValue, bool IsSensitive);

    public static async Task<ListView> Handle(string key, string? environment, Db db, CancellationToken ct)
    {
        var (name, place) = (SettingNames.Key(key), SettingNames.Environment(environment));
        return new ListView(await db.List<Change>($"""
            select h.id, h.changed_at as at, u.name as by, h.change_reason as reason, h.old_value, h.new_value, h.is_sensitive
            from platform.setting_changes h
            left join platform.platform_users u on u.id = h.changed_by
            where h.organization_id = platform.organization() and h.setting_key = {name} and h.environment = {place}
            order by h.changed_at desc, h.id limit 200
            """, ct));
    }
}
