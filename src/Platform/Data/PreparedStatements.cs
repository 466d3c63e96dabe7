using System.Data;
using Npgsql;

namespace Clientele.Platform.Data;

/// <summary>
/// Npgsql 10.0.0: when the very use of a statement by which it becomes a prepared one is refused by PostgreSQL, or cut short by a
/// caller who went away, the driver takes it for prepared all the same, and a later use on that connection ends in "unexpected
/// backend message". So a connection that saw either forgets its statements before it goes back to its pool.
/// </summary>
public static class PreparedStatements
{
    /// <summary>Whether a connection on which this happened has to forget its statements.</summary>
    public static bool MayBeHalf(Exception failed) => failed is NpgsqlException or OperationCanceledException;

    /// <summary>Makes it forget. Never fails: what ended the work before is what its caller has to hear.</summary>
    public static async Task Forget(NpgsqlConnection connection)
    {
        if (connection.State != ConnectionState.Open) return;
        // It waits for the server, so it does that on a thread that may wait.
        try { await Task.Run(connection.UnprepareAll); }
        catch (NpgsqlException) { NpgsqlConnection.ClearPool(connection); }
    }
}
