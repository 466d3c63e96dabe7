using Clientele.DataApi.Run;
using Clientele.Platform.Data;
using Npgsql;

namespace Clientele.DataApi;

/// <summary>What a caller may do with the relations and functions of a schema, as PostgreSQL says.</summary>
internal sealed record Rights(HashSet<uint> Select, HashSet<uint> Insert, HashSet<uint> Update, HashSet<uint> Delete, HashSet<uint> Execute)
{
    public static async Task<Rights> Read(NpgsqlDataSource source, string schema, Asker asker, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var (name, value) in asker.Settings.Where(s => s.Key == "role"))
        {
            var command = new NpgsqlBatchCommand("select set_config($1, $2, true)");
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
            batch.BatchCommands.Add(command);
        }
        var settings = batch.BatchCommands.Count;
        foreach (var query in (string[])[
            """
            select c.oid, has_table_privilege(c.oid, 'select') or has_any_column_privilege(c.oid, 'select'), has_table_privilege(c.oid, 'insert') or has_any_column_privilege(c.oid, 'insert'),
                   has_table_privilege(c.oid, 'update') or has_any_column_privilege(c.oid, 'update'), has_table_privilege(c.oid, 'delete')
            from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind in ('r', 'v', 'm', 'f', 'p')
            """,
            "select p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = $1 and has_function_privilege(p.oid, 'execute')"])
        {
            var command = new NpgsqlBatchCommand(query);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = schema });
            batch.BatchCommands.Add(command);
        }
        try { return await Read(batch, settings, ct); }
        catch (Exception e) when (PreparedStatements.MayBeHalf(e))
        {
            await PreparedStatements.Forget(connection);
            throw;
        }
    }

    private static async Task<Rights> Read(NpgsqlBatch batch, int settings, CancellationToken ct)
    {
        var rights = new Rights([], [], [], [], []);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        for (var i = 0; i < settings; i++) await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var oid = reader.GetFieldValue<uint>(0);
            if (reader.GetBoolean(1)) rights.Select.Add(oid);
            if (reader.GetBoolean(2)) rights.Insert.Add(oid);
            if (reader.GetBoolean(3)) rights.Update.Add(oid);
            if (reader.GetBoolean(4)) rights.Delete.Add(oid);
        }
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct)) rights.Execute.Add(reader.GetFieldValue<uint>(0));
        return rights;
    }
}
