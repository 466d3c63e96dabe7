using System.Text;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Secrets;

namespace Clientele.Platform.Settings;

/// <summary>PUT, DELETE /api/settings/{key}: gives a setting a value, or its default back.</summary>
internal static class ChangeSetting
{
    /// <param name="Environment">production when left out.</param>
    /// <param name="Value">JSON of the setting's type.</param>
    /// <param name="Reason">Why; kept with the change, at most 500 characters.</param>
    /// <param name="IsSensitive">For a setting of the organization's own: it is encrypted, and never shown. It stays so.</param>
    /// <param name="DataType">The same: string, number, boolean, json, object or array; else what the value is.</param>
    /// <param name="Description">The same.</param>
    public sealed record Request(string? Environment, JsonElement? Value, string? Reason, bool? IsSensitive, string? DataType, string? Description);

    private sealed record Known(bool IsCatalogued, string DataType, JsonElement Rules, bool IsSensitive);

    public static async Task<SettingView> Put(string key, Request request, Db db, KeyRing keys, CancellationToken ct)
    {
        var (name, environment, reason) = (SettingNames.Key(key), SettingNames.Environment(request.Environment), SettingNames.Reason(request.Reason));
        if (request.Value is not { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } value) throw Problem.Invalid("value", "A setting has a value; delete it to return to the default.");
        if (value.GetRawText().Contains("\\u0000", StringComparison.Ordinal)) throw Problem.Invalid("value", "A value holds no zero byte.");
        if (value.GetRawText().Length > 100_000) throw Problem.Invalid("value", "A value has at most 100,000 characters.");
        if (request.DataType is not (null or "string" or "number" or "boolean" or "json" or "object" or "array")) throw Problem.Invalid("dataType", "The type is string, number, boolean, json, object or array.");
        if (request.Description is { Length: > 1000 }) throw Problem.Invalid("description", "The description has at most 1,000 characters.");
        var known = await Find(db, name, environment, ct);
        var type = known?.DataType ?? request.DataType ?? TypeOf(value);
        if (await db.Find<string>($"select platform.setting_fault({value}, {type}, {known?.Rules ?? JsonDocument.Parse("{}").RootElement})", ct) is { } fault) throw Problem.Invalid("value", fault);
        if (known?.IsSensitive ?? request.IsSensitive ?? false) await Keep(db, keys, name, environment, value, reason, ct);
        else await db.Run($"""
            insert into platform.setting_values as v (organization_id, setting_key, environment, setting_value, data_type, description, change_reason)
            values (platform.organization(), {name}, {environment}, {value}, {type}, {request.Description}, {reason})
            on conflict (organization_id, setting_key, environment) do update
            set setting_value = excluded.setting_value, change_reason = excluded.change_reason, description = coalesce(excluded.description, v.description)
            """, ct);
        return await SettingView.Of(db, environment, name, ct);
    }

    public static async Task<SettingView?> Delete(string key, string? environment, string? reason, Db db, CancellationToken ct)
    {
        var (name, place, why) = (SettingNames.Key(key), SettingNames.Environment(environment), SettingNames.Reason(reason));
        var setting = await SettingView.Of(db, place, name, ct);
        if (setting.IsDefault) throw new Problem(409, "wrong_state", $"The setting \"{name}\" has its default already.");
        await db.InTransaction(async t =>
        {
            await t.Run($"select set_config('clientele.reason', {why ?? string.Empty}, true)", ct);
            await t.Run($"delete from platform.setting_values v where v.organization_id = platform.organization() and v.setting_key = {name} and v.environment = {place}", ct);
        }, ct);
        return setting.IsCatalogued ? await SettingView.Of(db, place, name, ct) : null;
    }

    private static Task Keep(Db db, KeyRing keys, string name, string environment, JsonElement value, string? reason, CancellationToken ct)
    {
        var closed = keys.Close(SecretSettings.Purpose(db.Tenant.OrganizationId!.Value, environment, name), Encoding.UTF8.GetBytes(value.GetRawText()));
        return db.Run($"select platform.keep_secret({name}, {closed}, {environment}, {reason})", ct);
    }

    private static Task<Known?> Find(Db db, string key, string environment, CancellationToken ct) => db.Find<Known>($"""
        select d.setting_key is not null as is_catalogued, coalesce(d.data_type, v.data_type) as data_type, coalesce(d.validation_rules, v.validation_rules) as rules,
               coalesce(v.is_sensitive, false) or coalesce(d.setting_type = 'secret', false) as is_sensitive
        from (select {key} as setting_key) k
        left join platform.setting_definitions d on d.setting_key = k.setting_key
        left join platform.setting_values v on v.organization_id = platform.organization() and v.setting_key = k.setting_key and v.environment = {environment}
        where d.setting_key is not null or v.id is not null
        """, ct);

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Array => "array",
        _ => "object",
    };
}
