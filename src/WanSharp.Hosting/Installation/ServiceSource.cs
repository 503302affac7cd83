using System.Net;
using System.Text.Json;

namespace WanSharp.Hosting.Installation;

/// <summary>A NuGet service of protocol version 3, asked for the place of a package in its flat container.</summary>
/// <param name="index">The service's index.</param>
/// <param name="http">Asks it.</param>
internal sealed class ServiceSource(Uri index, HttpClient http) : PackageSource
{
    public override async Task<Uri?> FindAsync(ExtraPackage package, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(package.Id, package.Version, cancellationToken).ConfigureAwait(false);
        }
        // JSON, but not as the protocol has it
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or UriFormatException)
        {
            throw new IOException($"{index} does not answer like a NuGet service: {e.Message} Name another with --source.", e);
        }
    }

    private async Task<Uri?> AskAsync(string id, string version, CancellationToken cancellationToken)
    {
#pragma warning disable CA1308 // The protocol's paths are lower case.
        var (lowerId, lowerVersion) = (id.ToLowerInvariant(), version.ToLowerInvariant());
#pragma warning restore CA1308
        var service =
            await GetAsync(index, cancellationToken).ConfigureAwait(false)
            ?? throw new IOException($"{index} is not the index of a NuGet service: it is empty.");
        var container =
            Resource(service, "PackageBaseAddress/")
            ?? throw new IOException($"{index} is not the index of a NuGet service: it does not say where packages are.");
        var versions = await GetAsync(new Uri(container, $"{lowerId}/index.json"), cancellationToken).ConfigureAwait(false);
        if (
            versions is null
            || !versions.Value.TryGetProperty("versions", out var list)
            || !list.EnumerateArray().Any(known => known.GetString() == lowerVersion)
        )
        {
            return null;
        }

        return RequireSafe(new Uri(container, $"{lowerId}/{lowerVersion}/{lowerId}.{lowerVersion}.nupkg"));
    }

    private static Uri? Resource(JsonElement service, string type)
    {
        if (service.ValueKind != JsonValueKind.Object || !service.TryGetProperty("resources", out var resources))
        {
            return null;
        }

        var address = resources
            .EnumerateArray()
            .Where(resource => resource.GetProperty("@type").GetString()?.StartsWith(type, StringComparison.Ordinal) == true)
            .Select(resource => resource.GetProperty("@id").GetString())
            .LastOrDefault();
        return address is null ? null : RequireSafe(new Uri(address.EndsWith('/') ? address : address + "/"));
    }

    /// <summary>A document of the service; null when it has none at that address.</summary>
    private async Task<JsonElement?> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(RequireSafe(address), cancellationToken).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            response.EnsureSuccessStatusCode();
            return JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            throw new IOException($"{address} does not answer like a NuGet service: {e.Message} Name another with --source.", e);
        }
    }
}
