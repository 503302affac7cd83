namespace WanSharp.Runtime.Providers;

/// <summary>Which providers a session appends for the one that the user named, in order of preference.</summary>
internal static class ProviderPlan
{
    private const string DeviceId = "device_id";

    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    /// <summary>The steps for a provider: none for the processor; a fallback works on the same device.</summary>
    /// <exception cref="ArgumentException">The provider takes no options, or one of them may not be given.</exception>
    public static IReadOnlyList<ProviderStep> For(string provider, IReadOnlyDictionary<string, string> options)
    {
        var profile = ProviderProfiles.Of(provider);
        if (profile.IsHost)
        {
            return options.Count == 0
                ? []
                : throw new ArgumentException(
                    $"The provider '{profile.ShortName}' has no options, and {string.Join(", ", options.Keys)} was given.",
                    nameof(options)
                );
        }

        if (DeviceTuning.FindRefused(provider, options) is { } refused)
        {
            throw new ArgumentException(refused, nameof(options));
        }

        var first = new ProviderStep(profile.Append, profile.OrtName, options);
        return profile.Fallback is { } fallback ? [first, Fallback(ProviderProfiles.Of(fallback), options)] : [first];
    }

    private static ProviderStep Fallback(ProviderProfile profile, IReadOnlyDictionary<string, string> options) =>
        new(
            profile.Append,
            profile.OrtName,
            options.TryGetValue(DeviceId, out var device) ? new Dictionary<string, string> { [DeviceId] = device } : None
        );
}
