using System.Buffers;
using System.Text;

namespace Clientele.Timelines.Store;

/// <summary>
/// The columns of an organization's events and the values in them: types of events, imports, fields, properties. Kept in a file that only grows, until
/// values are forgotten and another takes its place; the manifest says which counts, and how much of it.
/// </summary>
internal sealed class Vocabulary
{
    public const int Types = 0;
    public const int Batches = 1;

    /// <summary>More properties than this are not made columns.</summary>
    public const int MostColumns = 200;

    /// <summary>Longer values are cut, to so many characters.</summary>
    public const int LongestValue = 200;

    /// <summary>Properties of longer names are not made columns.</summary>
    public const int LongestName = 100;

    private const ushort NewColumn = 0xffff;
    private const ushort ClosedColumn = 0xfffe;
    private const ushort ForgottenValue = 0xfffd;

    private readonly List<ValueDictionary> dictionaries = [];
    private readonly List<string> names = [];
    private readonly Dictionary<string, int> columns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private readonly ArrayBufferWriter<byte> unsaved = new();
    private readonly List<(UInt128 Key, int Code)[]> recent = [];
    private readonly (UInt128 Key, int Code)[] properties = new (UInt128, int)[1024];

    public Vocabulary()
    {
        lookup = columns.GetAlternateLookup<ReadOnlySpan<char>>();
        Declare("types");
        Declare("batches");
        unsaved.ResetWrittenCount();
    }

    public int Columns => names.Count;

    public ValueDictionary this[int column] => dictionaries[column];

    public string Name(int column) => names[column];

    /// <summary>−1: there is none.</summary>
    public int Find(ReadOnlySpan<char> name) => lookup.TryGetValue(name, out var column) ? column : -1;

    /// <summary>The column of a name, made when it is new; −1 when there are too many.</summary>
    public int Column(ReadOnlySpan<char> name)
    {
        if (lookup.TryGetValue(name, out var column)) return column;
        if (names.Count >= MostColumns + 2)
        {
            Full = true;
            return -1;
        }
        return Declare(name.ToString());
    }

    /// <summary>Some properties found no column: what is not a column may still be in the log.</summary>
    public bool Full { get; private set; }

    public int Code(int column, ReadOnlySpan<char> value)
    {
        var dictionary = dictionaries[column];
        var wasClosed = dictionary.Closed;
        var code = dictionary.Code(Cut(value), out var added);
        if (added) Append((ushort)column, dictionary.Text(code)!);
        else if (dictionary.Closed && !wasClosed) Append(ClosedColumn, names[column]);
        return code;
    }

    /// <summary>The same for UTF-8. Short values, which nearly all are, are found by their bytes.</summary>
    public int Code(int column, ReadOnlySpan<byte> value)
    {
        if (!Short(value, out var key)) return Long(column, value);
        ref var slot = ref recent[column][(int)((ulong)(key ^ key >> 64) * 0x9E3779B97F4A7C15UL >> 54)];
        if (slot.Code != 0 && slot.Key == key && !dictionaries[column].Closed) return slot.Code;
        var code = Long(column, value);
        slot = (key, code);
        return code;
    }

    /// <summary>The column of a property by its name in UTF-8; −1: none.</summary>
    public int Property(ReadOnlySpan<byte> name)
    {
        if (!Short(name, out var key)) return PropertyByName(name);
        ref var slot = ref properties[(int)((ulong)(key ^ key >> 64) * 0x9E3779B97F4A7C15UL >> 54)];
        if (slot.Code != 0 && slot.Key == key) return slot.Code;
        var column = PropertyByName(name);
        if (column > 0) slot = (key, column);
        return column;
    }

    private int PropertyByName(ReadOnlySpan<byte> name)
    {
        if (name.Length > 4 * LongestName) return -1;
        Span<char> chars = stackalloc char[4 * LongestName + 2];
        (chars[0], chars[1]) = ('p', ':');
        var length = Encoding.UTF8.GetChars(name, chars[2..]);
        return length is 0 or > LongestName ? -1 : Column(chars[..(length + 2)]);
    }

    private int Long(int column, ReadOnlySpan<byte> value)
    {
        if (value.Length > 512) return Code(column, Encoding.UTF8.GetString(value));
        Span<char> chars = stackalloc char[512];
        return Code(column, chars[..Encoding.UTF8.GetChars(value, chars)]);
    }

    // Up to fifteen bytes and their length are one number.
    private static bool Short(ReadOnlySpan<byte> value, out UInt128 key)
    {
        key = 0;
        if (value.Length > 15) return false;
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        value.CopyTo(bytes);
        bytes[15] = (byte)value.Length;
        key = System.Runtime.InteropServices.MemoryMarshal.Read<UInt128>(bytes);
        return true;
    }

    /// <summary>The first 200 characters, a pair of surrogates being one.</summary>
    public static ReadOnlySpan<char> Cut(ReadOnlySpan<char> value)
    {
        if (value.Length <= LongestValue) return value;
        var end = 0;
        for (var n = 0; n < LongestValue && end < value.Length; n++) end += char.IsHighSurrogate(value[end]) && end + 1 < value.Length ? 2 : 1;
        return value[..end];
    }

    /// <summary>Some of what was saved is to be saved no more: what <see cref="Save"/> writes next is all there is, for a new file.</summary>
    public bool Anew { get; private set; }

    /// <summary>Forgets what no event has any more.</summary>
    /// <param name="used">Of a column by its number: which codes events have; not asked for one that is closed.</param>
    public void Forget(Func<int, bool[]> used)
    {
        for (var column = Batches + 1; column < names.Count; column++)
        {
            if (!dictionaries[column].Forget(dictionaries[column].Closed ? [] : used(column))) continue;
            Anew = true;
            Array.Clear(recent[column]);
        }
        if (!Anew) return;
        unsaved.ResetWrittenCount();
        for (var column = 0; column < names.Count; column++)
        {
            var dictionary = dictionaries[column];
            // The first two are there from the beginning.
            if (column > Batches) Append(NewColumn, names[column]);
            foreach (var text in dictionary.Values) Append(text is null ? ForgottenValue : (ushort)column, text ?? names[column]);
            if (dictionary.Closed) Append(ClosedColumn, $"{names[column]}\0{dictionary.Size}");
        }
    }

    /// <summary>Writes what is new behind the first <paramref name="at"/> bytes of the file; returns its new length.</summary>
    public long Save(string path, long at)
    {
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write);
        file.SetLength(at);
        file.Position = at;
        file.Write(unsaved.WrittenSpan);
        file.Flush(flushToDisk: true);
        unsaved.ResetWrittenCount();
        Anew = false;
        return file.Length;
    }

    public void Load(string path, long length)
    {
        if (length == 0) return;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
        if (file.Length < length) throw new InvalidDataException($"{path} is shorter than its manifest says.");
        using var reader = new BinaryReader(new BufferedStream(file, 1 << 16));
        for (long read = 0; read < length;)
        {
            var (column, size) = (reader.ReadUInt16(), reader.ReadUInt16());
            var text = Encoding.UTF8.GetString(reader.ReadBytes(size));
            read += 4 + size;
            if (column == NewColumn) Declare(text);
            else if (column == ForgottenValue) dictionaries[columns[text]].AddForgotten();
            else if (column == ClosedColumn) Close(text.Split('\0'));
            else dictionaries[column].Add(text);
        }
        unsaved.ResetWrittenCount();
    }

    private void Close(string[] of) => dictionaries[columns[of[0]]].Close(of.Length > 1 ? int.Parse(of[1], System.Globalization.CultureInfo.InvariantCulture) : null);

    public long Memory => dictionaries.Sum(d => d.Memory) + recent.Count * 32L * 1024;

    private int Declare(string name)
    {
        columns.Add(name, names.Count);
        names.Add(name);
        // An event has its type's name also when there are too many types to ask about.
        dictionaries.Add(new ValueDictionary(whole: dictionaries.Count <= Batches));
        recent.Add(new (UInt128, int)[1024]);
        Append(NewColumn, name);
        return names.Count - 1;
    }

    private void Append(ushort column, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        unsaved.Write(BitConverter.GetBytes(column));
        unsaved.Write(BitConverter.GetBytes((ushort)bytes.Length));
        unsaved.Write(bytes);
    }
}
