using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;

namespace Clientele.Platform.Settings;

/// <summary>Sensitive settings in clear, for code of the server that has to use them. They go into no answer and no log.</summary>
public sealed class SecretSettings(Databases databases, KeyRing keys)
{
    private readonly Db db = new(databases.Service, Tenant.None);

    /// <summary>The value of a sensitive setting.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="Problem"><c>key_missing</c>: it was encrypted with a key that is not in this server's ring.</exception>
    public async Task<JsonElement?> Read(Guid organization, string key, CancellationToken ct, string environment = "production")
    {
        var secret = await db.Find<byte[]>($"""
            select v.secret from platform.setting_values v where v.organization_id = {organization} and v.setting_key = {key} and v.environment = {environment} and v.secret is not null
            """, ct);
        if (secret is null) return null;
        var plain = keys.Open(Purpose(organization, environment, key), secret)
            ?? throw new Problem(409, "key_missing", $"The setting \"{key}\" was encrypted with a key that this server does not have. Give it the key ({KeyRing.Variable}, or the file \"keys\" of the data folder), or set the value anew.");
        return JsonDocument.Parse(plain).RootElement.Clone();
    }

    internal static string Purpose(Guid organization, string environment, string key) => $"setting/{organization}/{environment}/{key}";

    /// <summary>How they are encrypted anew.</summary>
    internal static SealedColumn Column { get; } = new("platform.setting_values.secret",
        $"select v.organization_id, v.id, 'setting/' || v.organization_id || '/' || v.environment || '/' || v.setting_key as purpose, v.secret from platform.setting_values v where v.secret is not null",
        (row, closed) => $"update platform.setting_values v set secret = {closed} where v.organization_id = {row.OrganizationId} and v.id = {row.Id} and v.secret = {row.Secret}");
}
