using System.Globalization;
using System.Text;

namespace Clientele.Demo.Generator;

/// <summary>A visitor of the shop, as far as chance decides it beforehand.</summary>
internal sealed record Person(int Number, Place Place, string City, string Name, Channel Channel, Device Device, bool Returns, double Gap, double Leaves, double Buys, bool ReadsMail)
{
    public static Person Meet(Dice dice, int number)
    {
        var place = dice.Pick(Place.All);
        return new Person(number, place, dice.Pick(place.Cities), $"{dice.Pick(place.FirstNames)} {dice.Pick(place.LastNames)}", dice.Pick(Channel.First), dice.Pick(Device.All),
            Returns: dice.Chance(0.45),
            // Days between visits, the chance that a visit was the last one, the chance that a visit ends in an order.
            Gap: Math.Clamp(dice.Skewed(16, 0.8), 2, 150), Leaves: 0.05 + 0.25 * dice.Share(), Buys: Math.Clamp(dice.Skewed(0.16, 0.6), 0.02, 0.7),
            ReadsMail: dice.Chance(0.4));
    }

    public string CustomerId => (100_000 + Number).ToString(CultureInfo.InvariantCulture);

    /// <summary>At one of the domains that are reserved for examples; the number keeps namesakes apart.</summary>
    public string Email => $"{Fold(Name)}{Number}@example.{(Number % 5) switch { 0 => "org", 1 => "net", _ => "com" }}";

    // Not by Unicode normalisation: without ICU (invariant globalization) it leaves accents where they are.
    private const string Accented = "àáâãäåąçćèéêëęìíîïıłñńòóôõöøśšşùúûüýÿżźž";
    private const string Plain = "aaaaaaacceeeeeiiiiilnnoooooosssuuuuyyzzz";

    private static string Fold(string name)
    {
        var folded = new StringBuilder(name.Length);
        foreach (var capital in name.Replace("ß", "ss", StringComparison.Ordinal))
        {
            var letter = char.ToLowerInvariant(capital);
            var accent = Accented.IndexOf(letter, StringComparison.Ordinal);
            if (accent >= 0) letter = Plain[accent];
            if (char.IsAsciiLetter(letter)) folded.Append(letter);
            else if (letter is ' ' or '-') folded.Append('.');
        }
        return folded.ToString();
    }
}

/// <summary>
/// Ids of one visitor's rows, version 7 in shape. Where others have the millisecond these have the visitor's number, so
/// that ids arrive in order and indexes grow at their ends; a counter makes them unique, the dice fill the rest.
/// </summary>
internal sealed class Ids(long first, int visitor, Dice dice)
{
    private ushort next;

    public Guid Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        var head = (ulong)(first + visitor) << 16 | 0x7000UL | (ushort)(next++ & 0xFFF);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, head);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], dice.Bits() >> 2 | 0x8000_0000_0000_0000);
        return new Guid(bytes, bigEndian: true);
    }
}
