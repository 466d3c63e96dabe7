using Npgsql;
using Xunit;

namespace Clientele.Testing;

/// <summary>What tests do behind the platform's back: as the superuser or the owner, whom no rule of rows binds.</summary>
public static class Statements
{
    /// <summary>Runs statements as they stand, in the connection's transaction when it has one. No values: what a test makes up goes into the text.</summary>
    public static async Task Run(this NpgsqlConnection connection, string statements)
    {
        await using var command = new NpgsqlCommand(statements, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
