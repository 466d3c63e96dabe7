using System.Text.Json.Nodes;
using Clientele.Platform.Backups;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Platform.Secrets;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>Backups of a real database by PostgreSQL's own programs: what is in them, what is noticed, and where they are restored.</summary>
[Collection<BackupCollection>]
[Trait("Runs", "processes")]
public sealed class BackupTests(BackupDatabase database)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_backup_holds_every_row_of_every_organization_and_passes_every_check_when_restored()
    {
        var backup = await database.Backup("whole");
        Assert.Equal(4, backup.Manifest.Rows.Where(r => r.Key.StartsWith("log.events_", StringComparison.Ordinal)).Sum(r => r.Value));
        Assert.Empty(await BackupFolder.Check(backup.Path, Ct));

        var target = $"restored_{Guid.NewGuid():N}";
        try
        {
            var report = await new RestoreBackup(Server.Modules.All, KeyRing.Temporary(), _ => { }).Into(backup, await database.Administrator(), database.ConnectionString, target, Ct);
            Assert.Empty(report.WrongRows);
            Assert.All(report.Checks, c => Assert.True(c.Faults == 0, $"{c}"));
            Assert.Contains(report.Checks, c => c.Name == "commerce.totals_drift");
            Assert.Contains(report.Checks, c => c.Name == "audit trail of beta");
        }
        finally { await TestDatabase.Administrate($"drop database if exists {target} with (force)"); }
    }

    [Fact]
    public async Task A_flipped_byte_anywhere_is_found_and_such_a_backup_is_not_restored()
    {
        var keys = KeyRing.Temporary();
        var backup = await database.Backup("flipped", keys);
        // Only when asked for; otherwise their ids alone.
        Assert.Equal(keys.Ids, KeyRing.Of((await File.ReadAllTextAsync(Path.Combine(backup.Path, "keys"), Ct)).Trim()).Ids);
        Assert.Equal(keys.Ids, backup.Manifest.Keys!);
        foreach (var file in Directory.EnumerateFiles(backup.Path).Where(f => !f.EndsWith("SHA256SUMS", StringComparison.Ordinal)))
        {
            var (bytes, at) = (await File.ReadAllBytesAsync(file, Ct), Random.Shared.Next((int)new FileInfo(file).Length));
            bytes[at] ^= 1;
            await File.WriteAllBytesAsync(file, bytes, Ct);
            var fault = Assert.Single(await BackupFolder.Check(backup.Path, Ct));
            Assert.Contains(Path.GetFileName(file), fault, StringComparison.Ordinal);
            if (file == backup.DumpPath)
                Assert.Contains("damaged", (await Assert.ThrowsAsync<BackupException>(async () => await new RestoreBackup(Server.Modules.All, KeyRing.Temporary(), _ => { })
                    .Into(backup, await database.Administrator(), database.ConnectionString, "never_made", Ct))).Message, StringComparison.Ordinal);
            bytes[at] ^= 1;
            await File.WriteAllBytesAsync(file, bytes, Ct);
        }
        Assert.Empty(await BackupFolder.Check(backup.Path, Ct));
        File.Delete(backup.DumpPath);
        Assert.NotEmpty(await BackupFolder.Check(backup.Path, Ct));
    }

    [Fact]
    public async Task A_backup_whose_rows_are_not_those_of_its_manifest_does_not_pass()
    {
        var backup = await database.Backup("missing");
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(backup.Path, "manifest.json"), Ct))!;
        manifest["rows"]!["platform.organizations"] = 17;
        var forged = Path.Combine(Path.GetDirectoryName(backup.Path)!, "forged.partial");
        Directory.CreateDirectory(forged);
        File.Copy(backup.DumpPath, Path.Combine(forged, "database.dump"));
        var other = await BackupFolder.Seal(forged, System.Text.Json.JsonSerializer.Deserialize<Manifest>(manifest.ToJsonString(), ApiJson.Options)! with { Name = "forged" }, Ct);
        var target = $"restored_{Guid.NewGuid():N}";
        try
        {
            var report = await new RestoreBackup(Server.Modules.All, KeyRing.Temporary(), _ => { }).Into(other, await database.Administrator(), database.ConnectionString, target, Ct);
            Assert.Equal(["platform.organizations"], report.WrongRows);
            Assert.False(report.Passed);
        }
        finally { await TestDatabase.Administrate($"drop database if exists {target} with (force)"); }
    }

    [Fact]
    public async Task A_database_that_is_somebodys_is_neither_replaced_nor_dropped()
    {
        var (backup, administrator) = (await database.Backup("foreign"), await database.Administrator());
        var (foreign, login) = ($"foreign_{Guid.NewGuid():N}", database.ConnectionString);
        var restore = new RestoreBackup(Server.Modules.All, KeyRing.Temporary(), _ => { });
        try
        {
            await TestDatabase.Administrate($"create database {foreign}");
            await In(foreign, "create table mine (id integer)");
            Assert.Contains("--replace", (await Assert.ThrowsAsync<SetupException>(() => restore.Into(backup, administrator, login, foreign, Ct))).Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<SetupException>(() => restore.Into(backup, administrator, login, "postgres", Ct));
            // In the installation's place: kept beside, though it is no Clientele's.
            await TestDatabase.Administrate($"create database {foreign}_restoring");
            var old = await RestoreBackup.Swap(administrator, foreign, Ct);
            Assert.StartsWith($"{foreign}_before_", old, StringComparison.Ordinal);
            await In(old!, "select from mine");
            await RestoreBackup.Forget(administrator, [old!], Ct);

            // An empty one may be filled, what a restore made is replaced by the next, and what took the installation's place is somebody's again.
            Assert.True((await restore.Into(backup, administrator, login, foreign, Ct)).Passed);
            await restore.Into(backup, administrator, login, foreign, Ct);
            await TestDatabase.Administrate($"alter database {foreign} rename to {foreign}_restoring");
            Assert.Null(await RestoreBackup.Swap(administrator, foreign, Ct));
            await Assert.ThrowsAsync<SetupException>(() => restore.Into(backup, administrator, login, foreign, Ct));
            Assert.True((await restore.Into(backup, administrator, login, foreign, Ct, replace: true)).Passed);
        }
        finally
        {
            await TestDatabase.Administrate($"drop database if exists {foreign} with (force)");
            await TestDatabase.Administrate($"drop database if exists {foreign}_restoring with (force)");
        }
    }

    [Fact]
    public async Task A_login_that_row_level_security_binds_is_refused_since_it_would_leave_rows_out()
    {
        var options = await database.Options("bound") with { Administrator = database.ConnectionString };
        Assert.Contains("BYPASSRLS", (await Assert.ThrowsAsync<SetupException>(() => MakeBackup.Run(options, null, false, null, Ct))).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(options.Folder));
    }

    private static async Task In(string name, string sql)
    {
        await using var connection = new NpgsqlConnection(RestoreBackup.In(await TestServer.Connection, name));
        await connection.OpenAsync(Ct);
        await connection.Run(sql);
    }
}
