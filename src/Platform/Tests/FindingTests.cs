using System.Net.Sockets;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Analytics.Queries.Following;
using Clientele.Platform.Files;
using Clientele.Platform.Health;
using Clientele.Platform.Health.Checks;
using Clientele.Platform.Log;
using Clientele.Platform.PrivatePostgres;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

/// <summary>
/// What checks find, by code and with the figures their sentences name. The list of all of it is committed among the console's
/// sources, whose tests ask for words in each language: a fault that is not in it, or has no words, fails one or the other.
/// </summary>
public sealed partial class FindingTests
{
    private const string List = "ui/src/health/findings/findings.json";
    private static readonly JsonSerializerOptions indented = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private sealed record Example(string Service, string Name, string? Code, string? Detail, object Data);

    private static readonly MailOptions mail = new("mail.example.org", 587, true, null, null, "shop@example.org");
    private static readonly OAuthSettings signIn = new("Example ID", new Uri("https://id.example.org"), new Uri("https://id.example.org/token"), new Uri("https://id.example.org"), "a", "a-secret", "email", false);

    // Of each check one that is well, where it has figures, and one for each fault.
    private static readonly Example[] examples =
    [
        Of("platform", "database", HealthRecorder.FindDatabase(TimeSpan.FromSeconds(1.4))),
        Of("platform", "database", HealthRecorder.DatabaseAway),
        Of("platform", "database room", DatabaseChecks.Find(new(22, 97, 41_800_000))),
        Of("platform", "database room", DatabaseChecks.Find(new(22, 97, 1_234_567_890))),
        Of("platform", "database room", DatabaseChecks.Find(new(91, 97, 41_800_000))),
        Of("platform", "files", FileCheck.Away(new FileStoreException("The store refuses."))),
        Of("platform", "jobs", JobChecks.Find(new(1, 0, 0))),
        Of("platform", "jobs", JobChecks.Find(new(4, 17, 1260))),
        Of("platform", "mail server", MailCheck.Away(mail, SocketError.ConnectionRefused)),
        Of("platform", "mail server", MailCheck.NoGreeting(mail)),
        Of("platform", "sign-in service", SignInCheck.Away(signIn, SocketError.HostNotFound)),
        Of("platform", "backups", BackupChecks.Find(true, 9, 900, false, false)),
        Of("platform", "backups", BackupChecks.Find(true, 9, 900, false, true)),
        Of("platform", "backups", BackupChecks.Find(true, 9, 900, true, false)),
        Of("platform", "backups", BackupChecks.Find(true, null, 900, false, false)),
        Of("platform", "backups", BackupChecks.Find(true, 30.4, 900, false, false)),
        Of("platform", "backups", BackupChecks.Find(true, 9, 900, false, false, 1)),
        Of("log", "watermark", LogChecks.Find(0, null)),
        Of("log", "watermark", LogChecks.Find(75, new LogBlocker(14711, "psql", "idle in transaction", new DateTimeOffset(2026, 3, 2, 14, 30, 0, TimeSpan.Zero), null))),
        Of("log", "watermark", LogChecks.Find(75, null)),
        Of("log", "consumer customers.figures", LogChecks.Find(new ConsumerStatus("customers.figures", 12, 0.4, 150_000, null))),
        Of("log", "consumer customers.figures", LogChecks.NotBegun),
        Of("log", "consumer customers.figures", LogChecks.Find(new ConsumerStatus("customers.figures", 12, 0.4, 150_000, "57014 canceling statement due to statement timeout"))),
        Of("log", "consumer customers.figures", LogChecks.Find(new ConsumerStatus("customers.figures", 8400, 95.5, 150_000, null))),
        Of("node", "disk (node-1)", DiskCheck.Find(140_000_000_000, 200_000_000_000)),
        Of("node", "disk (node-1)", DiskCheck.Find(14_200_000_000, 200_000_000_000)),
        Of("node", "disk (node-1)", DiskCheck.Find(210_000_000, 200_000_000_000)),
        Of("node", "postgresql (node-1)", PostgresCheck.Find(null, DateTimeOffset.UnixEpoch)),
        Of("node", "postgresql (node-1)", PostgresCheck.Find(new PrivatePostgresDeaths(2, new DateTimeOffset(2026, 5, 4, 9, 30, 0, TimeSpan.Zero)), new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero))),
        Of("node", "archive (node-1)", BackupChecks.Find(new ArchiveStatus("/archive", null, null, 8_000_000_000, 20_000_000_000, null))),
        Of("node", "archive (node-1)", BackupChecks.Find(new ArchiveStatus("/archive", null, null, 8_000_000_000, 20_000_000_000, "The disk is away."))),
        Of("analytics", "timelines (node-1)", TimelinesCheck.Find(new TimelinesStatus("following", 1, 0.3, null))),
        Of("analytics", "timelines (node-1)", TimelinesCheck.Find(new TimelinesStatus("following", 1, 42, "The disk is full."))),
        Of("analytics", "timelines (node-1)", TimelinesCheck.Find(new TimelinesStatus("building", 0.42, 0, null))),
        Of("analytics", "timelines (node-1)", TimelinesCheck.Find(new TimelinesStatus("following", 1, 42, null))),
        Of("analytics", "timelines (node-1)", TimelinesCheck.Find(new TimelinesStatus("waiting", 0, 0, null))),
        // Whatever the check.
        Of("platform", "files", HealthRecorder.NotBack),
        Of("platform", "files", HealthRecorder.Late(TimeSpan.FromSeconds(10))),
        Of("platform", "files", HealthRecorder.Broke(new InvalidOperationException("Nothing is there."))),
    ];

    private static Example Of(string service, string name, Finding finding) => new(service, name, finding.Code, finding.Detail, finding.Data ?? new { });

    [Fact]
    public async Task Every_fault_is_in_the_consoles_list()
    {
        var (codes, checks) = (new List<string>(), new List<string>());
        foreach (var file in Directory.EnumerateFiles(Path.Combine(SharedData.Root, "src"), "*.cs", SearchOption.AllDirectories).Where(f => !Apart().IsMatch(f)))
        {
            var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            var found = Fault().Matches(text);
            // A code that is worked out would be in no list.
            Assert.All(found, f => Assert.True(f.Groups["code"].Success, $"{file}: a fault's code is written out where it is found: Finding.Degraded(\"…\", …)"));
            codes.AddRange(found.Select(f => f.Groups["code"].Value));
            checks.AddRange(Check().Matches(text).Select(c => $"{c.Groups["service"].Value}: {c.Groups["name"].Value}"));
        }
        Assert.Equal(codes.Order(StringComparer.Ordinal), examples.Select(e => e.Code).OfType<string>().Order(StringComparer.Ordinal));
        // The node it is about, and the consumer's name, differ.
        Assert.Equal(checks.Append("platform: database").Order(StringComparer.Ordinal), examples.Select(e => Variable().Replace($"{e.Service}: {e.Name}", "")).Distinct().Order(StringComparer.Ordinal));

        var (path, list) = (Path.Combine(SharedData.Root, List), JsonSerializer.Serialize(examples, indented) + "\n");
        if (File.Exists(path) && await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken) == list) return;
        await File.WriteAllTextAsync(path, list, TestContext.Current.CancellationToken);
        Assert.Fail($"{List} was not up to date. It is now: give each code its words in ui/src/health/findings, and commit it.");
    }

    [Fact]
    public void What_a_sentence_names_is_beside_it()
    {
        static string Said(Finding finding) => $"{finding.Status} {finding.Code} {JsonSerializer.Serialize(finding.Data, JsonSerializerOptions.Web)}";
        Assert.Equal("Degraded disk_low {\"freeBytes\":14200000000,\"totalBytes\":200000000000}", Said(DiskCheck.Find(14_200_000_000, 200_000_000_000)));
        Assert.StartsWith("14.2 GB of 200.0 GB", DiskCheck.Find(14_200_000_000, 200_000_000_000).Detail, StringComparison.Ordinal);
        Assert.Equal("Unhealthy disk_full {\"freeBytes\":210000000,\"totalBytes\":200000000000}", Said(DiskCheck.Find(210_000_000, 200_000_000_000)));
        Assert.Equal("Healthy  {\"freeBytes\":140000000000,\"totalBytes\":200000000000}", Said(DiskCheck.Find(140_000_000_000, 200_000_000_000)));
        Assert.Equal("Degraded jobs_late {\"running\":4,\"late\":17,\"oldestSeconds\":1260}", Said(JobChecks.Find(new(4, 17, 1260))));
        Assert.Equal("Healthy  {\"running\":4,\"late\":17,\"oldestSeconds\":299}", Said(JobChecks.Find(new(4, 17, 299))));
        Assert.Equal("Unhealthy transactions_old {\"connections\":91,\"mostConnections\":97,\"transactionAge\":1000000001}", Said(DatabaseChecks.Find(new(91, 97, 1_000_000_001))));
        Assert.Equal("Degraded connections_busy {\"connections\":78,\"mostConnections\":97,\"transactionAge\":5}", Said(DatabaseChecks.Find(new(78, 97, 5))));
        Assert.Equal(HealthStatus.Healthy, DatabaseChecks.Find(new(77, 97, 1_000_000_000)).Status);
        Assert.Equal("Unhealthy mail_away {\"server\":\"mail.example.org:587\",\"error\":\"ConnectionRefused\"}", Said(MailCheck.Away(mail, SocketError.ConnectionRefused)));
        Assert.Equal("Unhealthy sign_in_away {\"server\":\"id.example.org:443\",\"service\":\"Example ID\",\"error\":\"HostNotFound\"}", Said(SignInCheck.Away(signIn, SocketError.HostNotFound)));
        Assert.Equal("Degraded watermark_held {\"heldSeconds\":75,\"process\":4711,\"application\":\"psql\",\"state\":\"active\",\"startedAt\":\"1970-01-01T00:00:00+00:00\"}",
            Said(LogChecks.Find(75, new LogBlocker(4711, "psql", "active", DateTimeOffset.UnixEpoch, "select 'whose text is nobody''s business'"))));
        Assert.Equal("Degraded consumer_failed {\"lagEvents\":0,\"lagSeconds\":0,\"eventsRead\":1,\"reason\":\"broke\"}", Said(LogChecks.Find(new ConsumerStatus("a", 0, 0, 1, "broke"))));
        Assert.Equal("Degraded timelines_building {\"builtShare\":0.42,\"lagSeconds\":0}", Said(TimelinesCheck.Find(new TimelinesStatus("building", 0.42, 0, null))));
        Assert.Equal("Unhealthy check_broke {\"reason\":\"InvalidOperationException: Order \\u2026 broke it.\"}", Said(HealthRecorder.Broke(new InvalidOperationException("Order 4711 broke it."))));
    }

    [Theory]
    [InlineData(true, 26.0, 900, null)]
    [InlineData(true, 26.1, 900, "backup_old")]
    [InlineData(false, 26.1, 900, null)] // none is to be made each day
    [InlineData(true, null, 25, null)]
    [InlineData(true, null, 27, "backup_missing")]
    public void Backups_that_do_not_come_are_told(bool daily, double? newest, double installed, string? code) => Assert.Equal(code, BackupChecks.Find(daily, newest, installed, false, false).Code);

    [GeneratedRegex(@"[\\/](obj|bin|Tests)[\\/]")]
    private static partial Regex Apart();

    [GeneratedRegex(@"\bFinding\.(Degraded|Unhealthy)\((\s*""(?<code>[a-z_]+)"",)?")]
    private static partial Regex Fault();

    [GeneratedRegex(@"\bHealthCheck[^;=]*(=> new)?\(""(?<service>[a-z]+)"", \$?""(?<name>[^""{]+?)( \{\w+\})?"", ")]
    private static partial Regex Check();

    [GeneratedRegex(@" \(node-1\)$|(?<=consumer) .*$")]
    private static partial Regex Variable();
}
