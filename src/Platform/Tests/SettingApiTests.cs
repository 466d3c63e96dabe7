using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Platform.Secrets;
using Clientele.Platform.Settings;
using Clientele.Testing;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Platform.Tests;

/// <summary>Settings over the API: values with their rules, history, environments, and secrets that nobody sees again.</summary>
public sealed class SettingApiTests(SettingApiTests.App app) : IClassFixture<SettingApiTests.App>
{
    public sealed class App : TestApp;

    private const string Secret = "swordfish-4711";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<JsonElement> Put(HttpClient client, string key, object body)
    {
        using var answer = await client.PutAsJsonAsync(new Uri($"api/settings/{key}", UriKind.Relative), body, ApiJson.Options, Ct);
        return await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Ct);
    }

    private static async Task<(int, string?)> Refused(HttpClient client, string key, object body) =>
        await (await client.PutAsJsonAsync(new Uri($"api/settings/{key}", UriKind.Relative), body, ApiJson.Options, Ct)).Problem();

    private static async Task<JsonElement> Setting(HttpClient client, string key, string environment = "production") =>
        (await client.Json($"api/settings?environment={environment}")).GetProperty("items").EnumerateArray().Single(s => s.GetProperty("key").GetString() == key);

    [Fact]
    public async Task The_documented_defaults_are_there_and_a_value_of_ones_own_is_nobody_elses()
    {
        var before = await Setting(app.Admin, "platform.max_dashboard_tiles");
        Assert.Equal((50, true, "limit", "number"), (before.GetProperty("value").GetInt32(), before.GetProperty("isDefault").GetBoolean(), before.GetProperty("type").GetString(), before.GetProperty("dataType").GetString()));
        var after = await Put(app.Admin, "platform.max_dashboard_tiles", new { value = 70, reason = "bigger screens" });
        Assert.Equal((70, false, "admin", "bigger screens"), (after.GetProperty("value").GetInt32(), after.GetProperty("isDefault").GetBoolean(), after.GetProperty("changedBy").GetString(), after.GetProperty("changeReason").GetString()));
        Assert.Equal(50, (await Setting(app.Stranger, "platform.max_dashboard_tiles")).GetProperty("value").GetInt32());
        Assert.Equal(50, (await Setting(app.Admin, "platform.max_dashboard_tiles", "staging")).GetProperty("value").GetInt32());
        await Put(app.Admin, "platform.max_dashboard_tiles", new { value = 12, environment = "staging" });
        Assert.Equal(["production", "staging"], (await app.Admin.Json("api/settings")).GetProperty("environments").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal(70, (await Setting(app.Admin, "platform.max_dashboard_tiles")).GetProperty("value").GetInt32());

        using (var reset = await app.Admin.DeleteAsync(new Uri("api/settings/platform.max_dashboard_tiles?reason=enough", UriKind.Relative), Ct)) Assert.Equal(200, (int)reset.StatusCode);
        Assert.Equal((409, "wrong_state"), await (await app.Admin.DeleteAsync(new Uri("api/settings/platform.max_dashboard_tiles", UriKind.Relative), Ct)).Problem());
        var history = (await app.Admin.Json("api/settings/platform.max_dashboard_tiles/history")).GetProperty("items");
        Assert.Equal(["enough 70 ", "bigger screens  70"], history.EnumerateArray().Select(h => $"{h.GetProperty("reason")} {h.GetProperty("oldValue")} {h.GetProperty("newValue")}"));
        Assert.Equal("admin", history[0].GetProperty("by").GetString());
        Assert.Empty((await app.Stranger.Json("api/settings/platform.max_dashboard_tiles/history")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task What_breaks_a_rule_is_refused_beside_its_field_and_only_administrators_change_anything()
    {
        foreach (var (key, value) in new (string, object)[] { ("platform.max_dashboard_tiles", 0), ("platform.max_dashboard_tiles", "many"), ("features.advanced_analytics", "yes"), ("platform.session_timeout_hours", 5000) })
        {
            using var answer = await app.Admin.PutAsJsonAsync(new Uri($"api/settings/{key}", UriKind.Relative), new { value }, ApiJson.Options, Ct);
            Assert.Equal(400, (int)answer.StatusCode);
            Assert.StartsWith("The value ", (await answer.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("errors").GetProperty("value")[0].GetString(), StringComparison.Ordinal);
        }
        Assert.Equal((400, "validation_failed"), await Refused(app.Admin, "platform.max_dashboard_tiles", new { value = 1, environment = "Not One" }));
        Assert.Equal((400, "validation_failed"), await Refused(app.Admin, "platform.max_dashboard_tiles", new { value = (object?)null }));
        Assert.Equal((400, "validation_failed"), await Refused(app.Admin, "own.text", new { value = "a\0b" }));
        Assert.Equal((404, "not_found"), await Refused(app.Admin, "No Such", new { value = 1 }));
        Assert.Equal((403, "forbidden"), await Refused(app.Viewer, "platform.max_dashboard_tiles", new { value = 1 }));
        Assert.Equal((403, "forbidden"), await (await app.Viewer.GetAsync(new Uri("api/settings", UriKind.Relative), Ct)).Problem());
    }

    [Fact]
    public async Task A_secret_goes_in_and_never_comes_out_again()
    {
        var kept = await Put(app.Admin, "mail.smtp_password", new { value = Secret, isSensitive = true, reason = "new provider", description = "Of the relay" });
        Assert.Equal((JsonValueKind.Null, true, true), (kept.GetProperty("value").ValueKind, kept.GetProperty("isSensitive").GetBoolean(), kept.GetProperty("hasSecret").GetBoolean()));
        // It stays sensitive, whoever forgets to say so.
        await Put(app.Admin, "mail.smtp_password", new { value = Secret + "!" });
        var secrets = app.Services.GetRequiredService<SecretSettings>();
        Assert.Equal(Secret + "!", (await secrets.Read(app.Alpha.OrganizationId!.Value, "mail.smtp_password", Ct))?.GetString());
        Assert.Null(await secrets.Read(app.Beta.OrganizationId!.Value, "mail.smtp_password", Ct));
        foreach (var path in new[] { "api/settings", "api/settings/mail.smtp_password/history", "api/audit?limit=200", "rest/v1/system_settings?select=*", "rest/v1/activity_logs?select=*" })
        {
            using var answer = await app.Admin.GetAsync(new Uri(path, UriKind.Relative), Ct);
            var text = await answer.Content.ReadAsStringAsync(Ct);
            Assert.DoesNotContain("swordfish", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Convert.ToHexString(Encoding.UTF8.GetBytes(Secret)), text, StringComparison.OrdinalIgnoreCase);
        }
        // Nor in the database, in whatever column.
        foreach (var table in new[] { "platform.setting_values", "platform.setting_changes", "platform.activity_logs" })
            Assert.DoesNotContain("swordfish", await app.Service.One<string>($"select coalesce(string_agg(t::text, ' '), '') from {Sql.Composed(table)} t", Ct), StringComparison.OrdinalIgnoreCase);
        // Copied into another organization it opens nothing.
        await app.Service.Run($"insert into platform.setting_values (organization_id, setting_key, is_sensitive, secret, setting_type) select {app.Beta.OrganizationId}, v.setting_key, true, v.secret, 'secret' from platform.setting_values v where v.setting_key = 'mail.smtp_password'", Ct);
        var stolen = await Assert.ThrowsAsync<Problems.Problem>(() => secrets.Read(app.Beta.OrganizationId!.Value, "mail.smtp_password", Ct));
        Assert.Equal("key_missing", stolen.Code);
    }

    [Fact]
    public async Task A_rotation_reaches_every_secret_and_old_keys_read_until_it_has()
    {
        var folder = Directory.CreateTempSubdirectory("keys");
        try
        {
            var (running, command) = (KeyRing.Open(folder.FullName), KeyRing.Open(folder.FullName));
            if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.FullName, "keys")));
            var purpose = $"setting/{app.Beta.OrganizationId}/production/rotated.key";
            var closed = running.Close(purpose, "\"abc\""u8);
            await app.For(app.Beta).Run($"select platform.keep_secret('rotated.key', {closed}, reason => 'first')", Ct);
            var first = running.Current;
            var second = command.Rotate();
            Assert.Equal((second, second), (running.Current, command.Current)); // taken up by the running server
            Assert.Equal("\"abc\""u8.ToArray(), running.Open(purpose, closed));

            var resealing = new Resealing(app.Databases, command, [SecretSettings.Column]);
            var before = await app.Service.One<string>($"select concat_ws(' ', v.change_reason, v.last_changed_by) || (select count(*) from platform.setting_changes c where c.setting_key = 'rotated.key') from platform.setting_values v where v.setting_key = 'rotated.key'", Ct);
            Assert.True((await resealing.Count(Ct))[first] > 0);
            Assert.Equal(1, (await resealing.Run(Ct))[0].Done);
            Assert.False((await resealing.Count(Ct)).ContainsKey(first));
            Assert.Equal(before, await app.Service.One<string>($"select concat_ws(' ', v.change_reason, v.last_changed_by) || (select count(*) from platform.setting_changes c where c.setting_key = 'rotated.key') from platform.setting_values v where v.setting_key = 'rotated.key'", Ct));
            command.Forget([first]);
            Assert.Null(running.Open(purpose, closed));
            Assert.Equal("abc", (await new SecretSettings(app.Databases, running).Read(app.Beta.OrganizationId!.Value, "rotated.key", Ct))?.GetString());
            Assert.Equal(0, (await resealing.Run(Ct))[0].Done);
        }
        finally { folder.Delete(recursive: true); }
    }

    [Fact]
    public void What_was_closed_for_one_purpose_opens_for_it_and_for_no_other_and_nothing_changed_opens()
    {
        var ring = KeyRing.Of($"{KeyRing.NewKey()},{KeyRing.NewKey()}");
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<NonNull<string>>(), ArbMap.Default.ArbFor<int>(), (plain, purpose, place) =>
        {
            var closed = ring.Close(purpose.Get, plain);
            var broken = closed.ToArray();
            broken[Math.Abs((long)place) % broken.Length] ^= 1;
            return ring.Open(purpose.Get, closed)!.SequenceEqual(plain) && ring.Open(purpose.Get + "x", closed) is null && ring.Open(purpose.Get, broken) is null
                && KeyRing.Temporary().Open(purpose.Get, closed) is null && KeyRing.IdOf(closed) == ring.Current;
        }).QuickCheckThrowOnFailure();
        Assert.Throws<SetupException>(() => KeyRing.Of("abc"));
        Assert.Throws<SetupException>(() => KeyRing.Of(""));
        Assert.DoesNotContain(KeyRing.NewKey()[..10], ring.ToString(), StringComparison.Ordinal);
    }
}
