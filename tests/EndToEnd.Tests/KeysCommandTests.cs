using System.Text.RegularExpressions;

namespace Clientele.EndToEnd.Tests;

/// <summary>The commands beside a running server: rotating its keys, and holding the audit trail against its seals.</summary>
public sealed partial class KeysCommandTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_rotate_beside_a_running_server_and_the_trail_is_verified_with_old_and_new_ones()
    {
        await using var installation = new Installation();
        await installation.StartServer();
        string[] on = ["--data", installation.Data];
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(installation.Data, "keys")));

        await installation.Scalar<object?>("update platform.organizations set name = 'Renamed' returning 1");
        var head = await Sealed(installation, on, blocks: 1);
        Assert.Equal(0, (await installation.Run(["audit", "verify", "--organization", "main", "--head", head, .. on])).Process.ExitCode);
        var cut = await installation.Run(["audit", "verify", "--organization", "main", "--head", new string('0', 64), .. on]);
        Assert.Equal(1, cut.Process.ExitCode);
        Assert.Contains("cut off", cut.Output, StringComparison.Ordinal);

        var rotated = await installation.Run(["keys", "rotate", .. on]);
        Assert.True(rotated.Process.ExitCode == 0, rotated.Errors);
        Assert.Equal(2, Regex.Count((await installation.Run(["keys", "list", .. on])).Output, "values"));
        // The running server signs the next block with the new key.
        await installation.Scalar<object?>("update platform.organizations set name = 'Again' returning 1");
        await Sealed(installation, on, blocks: 2);
        Assert.Equal(2, await installation.Scalar<long>("select count(distinct s.key_id) from platform.audit_seals s"));

        await installation.Scalar<object?>("set session_replication_role = replica; update platform.activity_logs set new_values = '{}'; select 1");
        var found = await installation.Run(["audit", "verify", .. on]);
        Assert.Equal(1, found.Process.ExitCode);
        Assert.Contains("was changed", found.Output, StringComparison.Ordinal);

        Assert.Contains("Forgotten", (await installation.Run(["keys", "forget", .. on])).Output, StringComparison.Ordinal);
        Assert.Contains("1 blocks are signed with keys that are not in this ring", (await installation.Run(["audit", "verify", .. on])).Output, StringComparison.Ordinal);
        var elsewhere = await installation.Run("keys", "list", "--data", Path.Combine(installation.Root, "nowhere"));
        Assert.Equal(2, elsewhere.Process.ExitCode);
        Assert.False(Directory.Exists(Path.Combine(installation.Root, "nowhere")));
    }

    private static async Task<string> Sealed(Installation installation, string[] on, int blocks)
    {
        for (var patience = 0; patience < 600; patience++)
        {
            if (await installation.Scalar<long>("select count(*) from platform.audit_seals") >= blocks)
            {
                var verified = await installation.Run(["audit", "verify", .. on]);
                Assert.True(verified.Process.ExitCode == 0, verified.Output + verified.Errors);
                return Head().Match(verified.Output).Groups[1].Value;
            }
            await Task.Delay(100, Ct);
        }
        throw new TimeoutException("The trail was not sealed.");
    }

    [GeneratedRegex("head ([0-9a-f]{64})")]
    private static partial Regex Head();
}
