using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Clientele.Events.Collection;

/// <summary>
/// Reads a database of addresses in MaxMind's DB format, version 2: a binary tree over the bits of an address, whose leaves
/// point into a section of typed values. Only what is needed of it: the country's code and the city's name.
/// </summary>
internal sealed class AddressDatabase
{
    private static ReadOnlySpan<byte> Marker => [0xAB, 0xCD, 0xEF, (byte)'M', (byte)'a', (byte)'x', (byte)'M', (byte)'i', (byte)'n', (byte)'d', (byte)'.', (byte)'c', (byte)'o', (byte)'m'];

    private const int Deepest = 16;

    private readonly byte[] file;
    private readonly int nodes, bits, data, version;

    private AddressDatabase(byte[] file)
    {
        this.file = file;
        var marker = file.AsSpan().LastIndexOf(Marker);
        if (marker < 0) throw new InvalidDataException("it is not a database in MaxMind's format");
        var at = marker + Marker.Length;
        var about = Value(ref at, marker + Marker.Length, 0) as Dictionary<string, object?> ?? throw new InvalidDataException("its metadata is damaged");
        (nodes, bits, version) = (Number(about, "node_count"), Number(about, "record_size"), Number(about, "ip_version"));
        if (bits is not (24 or 28 or 32) || nodes <= 0 || (long)nodes * bits / 4 + 16 > marker) throw new InvalidDataException("its metadata is damaged");
        data = nodes * bits / 4 + 16;
    }

    /// <exception cref="InvalidDataException">It is no such database.</exception>
    public static AddressDatabase Open(string path) => Of(File.ReadAllBytes(path));

    /// <inheritdoc cref="Open"/>
    public static AddressDatabase Of(byte[] file)
    {
        try { return new(file); }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentOutOfRangeException) { throw new InvalidDataException("its metadata is damaged", e); }
    }

    /// <returns>The two letters of the country and the English name of the city, as far as they are known.</returns>
    public (string? Country, string? City) Find(IPAddress address)
    {
        try
        {
            if (Leaf(address) is not { } at) return (null, null);
            var found = Value(ref at, data, 0) as Dictionary<string, object?>;
            var country = Inner(found, "country") ?? Inner(found, "registered_country");
            return (country?.GetValueOrDefault("iso_code") as string, Inner(Inner(found, "city"), "names")?.GetValueOrDefault("en") as string);
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentOutOfRangeException or InvalidDataException)
        {
            // A damaged leaf: this address has no place.
            return (null, null);
        }
    }

    private int? Leaf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (version == 4 && address.AddressFamily != AddressFamily.InterNetwork) return null;
        // IPv4 lives in the first addresses of a tree of IPv6.
        var bytes = address.GetAddressBytes();
        if (version == 6 && bytes.Length == 4) bytes = [.. new byte[12], .. bytes];
        var node = 0;
        for (var bit = 0; bit < bytes.Length * 8 && node < nodes; bit++) node = Record(node, (bytes[bit / 8] >> (7 - bit % 8)) & 1);
        return node <= nodes ? null : data + node - nodes - 16;
    }

    private int Record(int node, int side)
    {
        var at = node * bits / 4;
        return bits switch
        {
            24 => (file[at + side * 3] << 16) | (file[at + side * 3 + 1] << 8) | file[at + side * 3 + 2],
            28 => side == 0
                ? ((file[at + 3] & 0xF0) << 20) | (file[at] << 16) | (file[at + 1] << 8) | file[at + 2]
                : ((file[at + 3] & 0x0F) << 24) | (file[at + 4] << 16) | (file[at + 5] << 8) | file[at + 6],
            _ => BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at + side * 4)),
        };
    }

    private object? Value(ref int at, int origin, int depth)
    {
        if (depth > Deepest) throw new InvalidDataException("it is nested too deeply");
        var control = file[at++];
        var kind = control >> 5;
        if (kind == 1)
        {
            var size = (control >> 3) & 3;
            var pointer = control & 7;
            var (more, from) = size switch { 0 => (1, 0), 1 => (2, 2048), 2 => (3, 526336), _ => (4, 0) };
            if (size == 3) pointer = 0;
            for (var i = 0; i < more; i++) pointer = (pointer << 8) | file[at++];
            var target = origin + pointer + from;
            return Value(ref target, origin, depth + 1);
        }
        if (kind == 0) kind = 7 + file[at++];
        var length = control & 31;
        if (length >= 29)
        {
            var (more, from) = length switch { 29 => (1, 29), 30 => (2, 285), _ => (3, 65821) };
            length = 0;
            for (var i = 0; i < more; i++) length = (length << 8) | file[at++];
            length += from;
        }
        switch (kind)
        {
            case 7:
                var map = new Dictionary<string, object?>(StringComparer.Ordinal);
                for (var i = 0; i < length; i++)
                {
                    var key = Value(ref at, origin, depth + 1) as string ?? throw new InvalidDataException("a key is no text");
                    map[key] = Value(ref at, origin, depth + 1);
                }
                return map;
            case 11:
                var list = new List<object?>();
                for (var i = 0; i < length; i++) list.Add(Value(ref at, origin, depth + 1));
                return list;
            case 14: return length != 0;
            default:
                var bytes = file.AsSpan(at, length);
                at += length;
                return kind switch { 2 => Encoding.UTF8.GetString(bytes), 5 or 6 or 8 or 9 => Unsigned(bytes), _ => null };
        }
    }

    private static long Unsigned(ReadOnlySpan<byte> bytes)
    {
        var number = 0L;
        foreach (var b in bytes) number = (number << 8) | b;
        return number;
    }

    private static int Number(Dictionary<string, object?> about, string key) => about.GetValueOrDefault(key) is long number and > 0 and < int.MaxValue ? (int)number : throw new InvalidDataException("its metadata is damaged");

    private static Dictionary<string, object?>? Inner(Dictionary<string, object?>? outer, string key) => outer?.GetValueOrDefault(key) as Dictionary<string, object?>;
}
