using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using Npgsql;

namespace Clientele.Platform.Data;

/// <summary>
/// A piece of SQL that carries its parameters. Written as an interpolated string: each hole becomes a
/// parameter (<c>$1</c>, <c>$2</c> …), and a hole that is itself a <see cref="Sql"/> is spliced with its parameters.
/// There is no way in for a plain string, so a value can never become SQL text.
/// </summary>
/// <example><code>await db.List&lt;Row&gt;($"select c.id, c.name from customers.customers c where c.id = any({ids})", ct)</code></example>
[InterpolatedStringHandler]
public sealed class Sql
{
    // A part is either SQL text or a parameter; numbering is done once, when the command is made.
    private readonly List<object> parts;

    public Sql(int literalLength, int formattedCount) => parts = new(formattedCount * 2 + 1);

    private Sql(string text) => parts = [text];

    /// <summary>Nothing: for a clause that does not apply.</summary>
    public static Sql Empty { get; } = new(string.Empty);

    public void AppendLiteral(string text) => parts.Add(text);

    /// <summary>Adds a value as a parameter. A null is sent as SQL null of the parameter's type.</summary>
    public void AppendFormatted<T>(T value)
    {
        if (value is Sql inner) parts.AddRange(inner.parts);
        else parts.Add(Parameters.Of(value));
    }

    /// <summary>Fixed words: the compiler refuses what is not a constant.</summary>
    public static Sql Raw([ConstantExpected] string fixedWords) => new(fixedWords);

    /// <summary>
    /// Words that were put together: of constants, of names from the catalogue, of what the server itself quoted. The few places that need
    /// it are found by its name; nothing a caller sent may be in it.
    /// </summary>
    public static Sql Composed(string words) => new(words);

    /// <summary>A quoted identifier, for names that were found in the catalogue.</summary>
    public static Sql Identifier(string name) => new('"' + name.Replace("\"", "\"\"", StringComparison.Ordinal) + '"');

    /// <summary>Joins pieces with fixed words between them.</summary>
    public static Sql Join(string separator, IEnumerable<Sql> pieces)
    {
        var joined = new Sql(string.Empty);
        foreach (var piece in pieces)
        {
            if (joined.parts.Count > 1) joined.parts.Add(separator);
            joined.parts.AddRange(piece.parts);
        }
        return joined;
    }

    internal void WriteTo(NpgsqlCommand command)
    {
        command.CommandText = Render(command.Parameters);
    }

    internal void WriteTo(NpgsqlBatchCommand command)
    {
        command.CommandText = Render(command.Parameters);
    }

    private string Render(NpgsqlParameterCollection parameters)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            if (part is NpgsqlParameter parameter)
            {
                // A piece spliced twice needs its own copy: a parameter belongs to one command.
                parameters.Add(parameter.Collection is null ? parameter : parameter.Clone());
                text.Append('$').Append(parameters.Count);
            }
            else text.Append((string)part);
        }
        return text.ToString();
    }

    /// <summary>
    /// The text with its values in it, for people to read and to run by hand. Never for running from here: that is what parameters are for.
    /// </summary>
    public string ToReadable()
    {
        var text = new StringBuilder();
        foreach (var part in parts) text.Append(part is NpgsqlParameter parameter ? Literals.Of(parameter.Value) : (string)part);
        return text.ToString();
    }

    /// <summary>The text with its numbered parameters, for "show the SQL" and for tests.</summary>
    public override string ToString() => Render(new NpgsqlCommand().Parameters);
}
