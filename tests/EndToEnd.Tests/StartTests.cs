namespace Clientele.EndToEnd.Tests;

/// <summary>What the first commands of a new installation say.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task Migrating_says_in_one_line_what_it_did_and_a_second_start_that_its_password_replaces_the_first()
    {
        await using var installation = new Installation();
        var first = await installation.Run("migrate", "--data", installation.Data);
        Assert.True(first.Process.ExitCode == 0, first.Errors);
        Assert.Matches(@"^Applied [1-9]\d+ schema files\.\nThe database is up to date\.$", first.Output.Trim());
        var second = await installation.Run("migrate", "--data", installation.Data);
        Assert.Equal("The database is up to date.", second.Output.Trim());

        const string Replaced = "one shown before is no longer valid";
        await installation.StartServer();
        Assert.DoesNotContain(Replaced, installation.Server!.Output, StringComparison.Ordinal);
        await installation.StopServer();
        await installation.StartServer();
        Assert.Contains(Replaced, installation.Server!.Output, StringComparison.Ordinal);
    }
}
