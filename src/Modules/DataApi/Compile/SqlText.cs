using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Clientele.DataApi.Catalogue;
using Npgsql;
using NpgsqlTypes;

namespace Clientele.DataApi.Compile;

/// <summary>
/// A statement in the making. There are four ways in: words that are constants of this program, names the catalogue gave,
/// numbers of our own, and values, which become parameters. What a request says has none but the last.
/// </summary>
internal sealed class SqlText
{
    private readonly StringBuilder text = new(512);
    private readonly List<(string? Value, NpgsqlDbType Type)> values = [];

    // Where a value stands among them; a list of thousands must not be searched for each.
    private readonly Dictionary<(string? Value, NpgsqlDbType Type), int> places = [];

    /// <summary>The most values of one statement: the protocol counts them with 16 bits.</summary>
    public const int MostValues = 30_000;

    public SqlText Add([ConstantExpected] string words)
    {
        text.Append(words);
        return this;
    }

    public SqlText Add(bool first, [ConstantExpected] string words, [ConstantExpected] string others)
    {
        text.Append(first ? words : others);
        return this;
    }

    public SqlText Add(Identifier name)
    {
        text.Append(name.Sql);
        return this;
    }

    /// <summary>A name made of a fixed word and a number: t3.</summary>
    public SqlText Add([ConstantExpected] string word, int number)
    {
        text.Append(word).Append(number);
        return this;
    }

    /// <summary>The catalogue's own name, as a literal.</summary>
    public SqlText Literal(Column column)
    {
        text.Append('\'').Append(column.Name.Replace("'", "''", StringComparison.Ordinal)).Append('\'');
        return this;
    }

    /// <summary>A value whose type PostgreSQL finds from where it stands. The same value is sent once.</summary>
    /// <exception cref="ApiError">There are more than <see cref="MostValues"/>.</exception>
    public SqlText Value(string? value, NpgsqlDbType type = NpgsqlDbType.Unknown)
    {
        if (!places.TryGetValue((value, type), out var known))
        {
            if (values.Count == MostValues) throw new ApiError(400, "54000", $"The request holds more than {MostValues} different values") { Hint = "Ask in several requests." };
            places[(value, type)] = known = values.Count;
            values.Add((value, type));
        }
        text.Append('$').Append(known + 1);
        return this;
    }

    public SqlText Value(long value) => Value(value.ToString(CultureInfo.InvariantCulture), NpgsqlDbType.Unknown).Add("::bigint");

    public override string ToString() => text.ToString();

    /// <summary>Adds words, and values too, to what tells statements apart.</summary>
    public void Tell(IncrementalHash hash, bool withValues)
    {
        Tell(hash, text.ToString());
        if (!withValues) return;
        foreach (var (value, _) in values) Tell(hash, value);
    }

    /// <summary>Adds a text, its length before it, so that two never look like one.</summary>
    public static void Tell(IncrementalHash hash, string? value)
    {
        hash.AppendData(BitConverter.GetBytes(value?.Length ?? -1));
        if (value is not null) hash.AppendData(MemoryMarshal.AsBytes(value.AsSpan()));
    }

    public NpgsqlBatchCommand Command([ConstantExpected] string before = "")
    {
        var command = new NpgsqlBatchCommand(before + text);
        foreach (var (value, type) in values) command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = (object?)value ?? DBNull.Value });
        return command;
    }
}
