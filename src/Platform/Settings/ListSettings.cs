using Clientele.Platform.Data;

namespace Clientele.Platform.Settings;

/// <summary>GET /api/settings: what is in force in an environment.</summary>
internal static class ListSettings
{
    /// <param name="Environments">Those that have values of their own, and production.</param>
    public sealed record ListView(string Environment, IReadOnlyList<string> Environments, IReadOnlyList<SettingView> Items);

    public static async Task<ListView> Handle(string? environment, Db db, CancellationToken ct)
    {
        var chosen = SettingNames.Environment(environment);
        var environments = await db.List<string>($"""
            select e from (select 'production' as e union select v.environment from platform.setting_values v where v.organization_id = platform.organization()) x order by e <> 'production', e
            """, ct);
        return new ListView(chosen, environments, await SettingView.List(db, chosen, null, ct));
    }
}
