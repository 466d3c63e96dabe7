using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Clientele.Events.Collection;

/// <summary>
/// Where an address is: from a header a proxy in front of us sets (<c>CLIENTELE_COUNTRY_HEADER</c>, <c>CLIENTELE_CITY_HEADER</c>),
/// or from a database of addresses in MaxMind's format (<c>CLIENTELE_GEO_DATABASE</c>). Neither is there unless the operator says so.
/// </summary>
internal sealed partial class Places
{
    private readonly string? countryHeader = Word("CLIENTELE_COUNTRY_HEADER");
    private readonly string? cityHeader = Word("CLIENTELE_CITY_HEADER");
    private readonly AddressDatabase? database;

    public Places(ILogger<Places> logger)
    {
        if (Word("CLIENTELE_GEO_DATABASE") is not { } path) return;
        try { database = AddressDatabase.Open(path); }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException) { LogUnreadable(logger, path, e.Message); }
    }

    public (string? Country, string? City) Of(HttpRequest request, IPAddress? address)
    {
        var country = countryHeader is null ? null : Cut(request.Headers[countryHeader].ToString());
        var city = cityHeader is null ? null : Cut(request.Headers[cityHeader].ToString());
        if (country is not null || database is null || address is null) return (country, city);
        return database.Find(address);
    }

    // XX and T1 are what proxies say for "nobody knows" and Tor.
    private static string? Cut(string text) => text.Length is 0 or > 100 || text is "XX" or "T1" ? null : text;

    private static string? Word(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } word ? word : null;

    [LoggerMessage(Level = LogLevel.Error, Message = "CLIENTELE_GEO_DATABASE: {Path} cannot be read ({Reason}); events have no place from it")]
    private static partial void LogUnreadable(ILogger logger, string path, string reason);
}
