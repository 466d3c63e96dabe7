using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Clientele.Events.Collection;

/// <summary>PostHog's form: everything is a property.</summary>
internal ref partial struct EventReader
{
    private void PostHogMember(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        Note(ref reader);
        var field = reader.ValueSpan;
        if (field.SequenceEqual("event"u8)) Word(ref reader, ref name, start);
        else if (field.SequenceEqual("distinct_id"u8) || field.SequenceEqual("$distinct_id"u8)) Word(ref reader, ref user, start);
        else if (field.SequenceEqual("uuid"u8)) Word(ref reader, ref message, start);
        else if (field.SequenceEqual("timestamp"u8)) Word(ref reader, ref timestamp, start);
        else if (field.SequenceEqual("offset"u8)) Word(ref reader, ref original, start);
        else if (field.SequenceEqual("sent_at"u8)) Word(ref reader, ref sent, start);
        else if (field.SequenceEqual("api_key"u8) || field.SequenceEqual("token"u8)) { reader.Read(); Skip(ref reader); }
        else if (field.SequenceEqual("$set"u8)) { Part(ref reader, ref set, start); kept.Add((start, (int)reader.BytesConsumed - start)); }
        else if (field.SequenceEqual("$set_once"u8)) { Part(ref reader, ref setOnce, start); kept.Add((start, (int)reader.BytesConsumed - start)); }
        else if (field.SequenceEqual("properties"u8)) ReadPostHogProperties(ref reader, start);
        else Take(ref reader, start);
    }

    private void ReadPostHogProperties(ref Utf8JsonReader reader, int start)
    {
        if (!Enter(ref reader))
        {
            kept.Add((start, (int)reader.BytesConsumed - start));
            return;
        }
        var at = (int)reader.TokenStartIndex;
        string? state = null, deviceId = null, distinct = null, process = null, isIdentified = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            switch (Encoding.UTF8.GetString(reader.ValueSpan))
            {
                case "distinct_id": Field(ref reader, ref distinct); break;
                case "$anon_distinct_id": Field(ref reader, ref visitor); break;
                case "$device_id": Field(ref reader, ref deviceId); break;
                case "$user_state": Field(ref reader, ref state); break;
                case "$is_identified": Field(ref reader, ref isIdentified); break;
                case "$process_person_profile": Field(ref reader, ref process); break;
                case "$session_id": Field(ref reader, ref session); break;
                case "$current_url": Field(ref reader, ref pageUrl); break;
                case "$pathname": Field(ref reader, ref pagePath); break;
                case "title" or "$title": Field(ref reader, ref pageTitle); break;
                case "$referrer": Field(ref reader, ref pageReferrer); break;
                case "$ip": Field(ref reader, ref ip); break;
                case "$raw_user_agent" or "$useragent": Field(ref reader, ref agent); break;
                case "$browser": Field(ref reader, ref browserName); break;
                case "$os": Field(ref reader, ref osName); break;
                case "$os_version": Field(ref reader, ref osVersion); break;
                case "$device_type": Field(ref reader, ref device); break;
                case "$screen_width": Field(ref reader, ref screenWidth); break;
                case "$screen_height": Field(ref reader, ref screenHeight); break;
                case "$lib": Field(ref reader, ref library); break;
                case "$geoip_country_code": Field(ref reader, ref country); break;
                case "$geoip_city_name": Field(ref reader, ref city); break;
                case "utm_source": Field(ref reader, ref source); break;
                case "utm_medium": Field(ref reader, ref medium); break;
                case "utm_campaign": Field(ref reader, ref campaign); break;
                case "utm_term": Field(ref reader, ref term); break;
                case "utm_content": Field(ref reader, ref content); break;
                case "alias": Field(ref reader, ref previous); break;
                case "$group_type": Field(ref reader, ref groupType); break;
                case "$group_key": Field(ref reader, ref group); break;
                case "$group_set": Part(ref reader, ref traits, (int)reader.TokenStartIndex); break;
                case "$set": Part(ref reader, ref set, (int)reader.TokenStartIndex); break;
                case "$set_once": Part(ref reader, ref setOnce, (int)reader.TokenStartIndex); break;
                case "revenue" or "$revenue": Amount(ref reader, ref revenue); break;
                case "value": Amount(ref reader, ref value); break;
                case "total": Amount(ref reader, ref total); break;
                case "currency": Field(ref reader, ref currency); break;
                default: reader.Read(); Skip(ref reader); break;
            }
        }
        properties = (at, (int)reader.BytesConsumed - at);
        user ??= distinct;
        // A browser that knows nobody sends the id it made up as the distinct id, and says so in one of these ways.
        personless = process == "false";
        identified = state is null && isIdentified is null && deviceId is null ? !personless : state == "identified" || isIdentified == "true" || (deviceId is not null && deviceId != user && state is null && isIdentified is null);
    }

    private (CollectedEvent?, string?, string?, string?) MakePostHog()
    {
        if (string.IsNullOrWhiteSpace(name)) return (null, "It has no event name: event.", null, message);
        var call = name switch
        {
            "$identify" or "$set" => Call.Identify,
            "$create_alias" => Call.Alias,
            "$groupidentify" => Call.Group,
            "$screen" => Call.Screen,
            "$pageview" => Call.Page,
            _ => Call.Track,
        };
        // A group that is told about has an id of its own making, which is nobody.
        if (call == Call.Group) user = null;
        else if (identified == false) (user, visitor) = (null, visitor ?? user);
        if (original is not null && timestamp is null && double.TryParse(original, NumberStyles.Float, CultureInfo.InvariantCulture, out var ago) && Math.Abs(ago) < 1e12)
            timestamp = (arrival.At - TimeSpan.FromMilliseconds(ago)).ToString("O", CultureInfo.InvariantCulture);
        original = null;
        pageReferrer = pageReferrer == "$direct" ? null : pageReferrer;
        string? told = call == Call.Group ? Text(traits) : set.Length + setOnce.Length > 0 ? "{" + Join(InnerText(setOnce), InnerText(set)) + "}" : null;
        if (call != Call.Group) (traits, group) = (default, null);
        return Finish(call, name, Text(properties), told, true);
    }
}
