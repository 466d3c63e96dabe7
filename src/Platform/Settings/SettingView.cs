using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Settings;

/// <summary>A setting in force, as the API shows it.</summary>
/// <param name="Type"><c>config</c>, <c>feature_flag</c>, <c>limit</c> or <c>secret</c>.</param>
/// <param name="DataType"><c>string</c>, <c>number</c>, <c>boolean</c>, <c>json</c>, <c>object</c> or <c>array</c>.</param>
/// <param name="Value">Null for a sensitive one: it is never shown.</param>
/// <param name="DefaultValue">Of the catalogue; null for a setting of the organization's own.</param>
/// <param name="IsCatalogued">It is one of the platform's; others are the organization's own.</param>
/// <param name="IsDefault">The organization has no value of its own.</param>
/// <param name="HasSecret">A sensitive value is kept.</param>
/// <param name="Rules">min_value, max_value, allowed_values, regex_pattern.</param>
/// <param name="PendingRestart">It takes a restart, and was changed since this server began.</param>
public sealed record SettingView(
    string Key, string Environment, string Category, string Type, string DataType, JsonElement? Value, JsonElement? DefaultValue, bool IsCatalogued, bool IsDefault, bool IsSensitive, bool HasSecret,
    JsonElement Rules, string? Description, string? DocumentationUrl, bool RequiresRestart, bool PendingRestart, string? ChangedBy, string? ChangeReason, DateTimeOffset? ChangedAt)
{
    private static readonly DateTimeOffset began = Process.GetCurrentProcess().StartTime.ToUniversalTime();

    internal static Task<List<SettingView>> List(Db db, string environment, string? key, CancellationToken ct) => db.List<SettingView>($"""
        select coalesce(d.setting_key, v.setting_key) as key, {environment} as environment, coalesce(d.category, v.category) as category, coalesce(d.setting_type, v.setting_type) as type,
               coalesce(d.data_type, v.data_type) as data_type, case when v.id is not null then v.setting_value when d.setting_type <> 'secret' then d.default_value end as value,
               case when d.setting_type <> 'secret' then d.default_value end as default_value, d.setting_key is not null as is_catalogued, v.id is null as is_default,
               coalesce(v.is_sensitive, false) or coalesce(d.setting_type = 'secret', false) as is_sensitive, coalesce(v.is_encrypted, false) as has_secret,
               coalesce(d.validation_rules, v.validation_rules) as rules, coalesce(d.description, v.description) as description, coalesce(d.documentation_url, v.documentation_url) as documentation_url,
               coalesce(d.requires_restart, v.requires_restart) as requires_restart, coalesce(coalesce(d.requires_restart, v.requires_restart) and c.changed_at > {began}, false) as pending_restart,
               u.name as changed_by, c.change_reason, c.changed_at
        from platform.setting_definitions d
        full join (select own.organization_id, own.id, own.setting_key, own.setting_value, own.category, own.setting_type, own.data_type, own.is_sensitive, own.is_encrypted, own.validation_rules,
                          own.description, own.documentation_url, own.requires_restart
                   from platform.setting_values own where own.organization_id = platform.organization() and own.environment = {environment}) v
            on v.setting_key = d.setting_key
        left join lateral (
            select h.changed_at, h.changed_by, h.change_reason from platform.setting_changes h
            where h.organization_id = platform.organization() and h.setting_key = coalesce(d.setting_key, v.setting_key) and h.environment = {environment}
            order by h.changed_at desc limit 1
        ) c on true
        left join platform.platform_users u on u.id = c.changed_by
        where {key}::text is null or coalesce(d.setting_key, v.setting_key) = {key}
        order by 3, 1
        """, ct);

    internal static async Task<SettingView> Of(Db db, string environment, string key, CancellationToken ct) =>
        await List(db, environment, key, ct) is [var setting] ? setting : throw Problem.NotFound("setting");
}

internal static partial class SettingNames
{
    /// <exception cref="Problem">No setting can be called so.</exception>
    public static string Key(string key) => key.Length <= 200 && Keys().IsMatch(key) ? key : throw Problem.NotFound("setting");

    /// <exception cref="Problem">No environment can be called so.</exception>
    public static string Environment(string? environment) =>
        environment is null ? "production" : Environments().IsMatch(environment) ? environment
        : throw Problem.Invalid("environment", "An environment is a word of at most 50 small letters, digits, dashes and underscores, such as staging.");

    /// <exception cref="Problem">It is too long.</exception>
    public static string? Reason(string? reason) =>
        reason is { Length: > 500 } || reason?.Contains('\0', StringComparison.Ordinal) == true ? throw Problem.Invalid("reason", "The reason has at most 500 characters.")
        : string.IsNullOrWhiteSpace(reason) ? null : reason.Trim();

    [GeneratedRegex(@"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\z")]
    private static partial Regex Keys();

    [GeneratedRegex(@"^[a-z][a-z0-9_-]{0,49}\z")]
    private static partial Regex Environments();
}
