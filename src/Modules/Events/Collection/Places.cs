using System.Net;
using Clientele.Platform;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Clientele.Events.Collection;

/// <summary>What the operator says of places: <c>CLIENTELE_COUNTRY_HEADER</c>, <c>CLIENTELE_CITY_HEADER</c>, <c>CLIENTELE_GEO_DATABASE</c>.</summary>
/// <param name="Database">Path of a file in MaxMind's format.</param>
internal sealed record PlaceOptions(string? CountryHeader, string? CityHeader, string? Database)
{
    public static PlaceOptions FromEnvironment() => new(
        PlatformOptions.Word("CLIENTELE_COUNTRY_HEADER"), PlatformOptions.Word("CLIENTELE_CITY_HEADER"), PlatformOptions.Word("CLIENTELE_GEO_DATABASE"));
}

/// <summary>
/// Where an address is: from a header a proxy in front of us sets, or from a database of addresses in MaxMind's format. Neither
/// is there unless the operator says so.
/// </summary>
internal sealed partial class Places
{
    private readonly PlaceOptions options;
    private readonly AddressDatabase? database;

    public Places(PlaceOptions options, ILogger<Places> logger)
    {
        this.options = options;
        if (options.Database is not { } path) return;
        try { database = AddressDatabase.Open(path); }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException) { LogUnreadable(logger, path, e.Message); }
    }

    public (string? Country, string? City) Of(HttpRequest request, IPAddress? address)
    {
        var country = options.CountryHeader is null ? null : Cut(request.Headers[options.CountryHeader].ToString());
        var city = options.CityHeader is null ? null : Cut(request.Headers[options.CityHeader].ToString());
        if (country is not null || database is null || address is null) return (country, city);
        return database.Find(address);
    }

    // XX and T1 are what proxies say for "nobody knows" and Tor.
    private static string? Cut(string text) => text.Length is 0 or > 100 || text is "XX" or "T1" ? null : text;

    [LoggerMessage(Level = LogLevel.Error, Message = "CLIENTELE_GEO_DATABASE: {Path} cannot be read ({Reason}); events have no place from it")]
    private static partial void LogUnreadable(ILogger logger, string path, string reason);
}
