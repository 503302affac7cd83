using System.Globalization;

namespace WanSharp.Runtime.Providers;

/// <summary>Translates <see cref="DeviceOptions"/> into a provider's own options. Pure: nothing is looked up or created.</summary>
public static class DeviceTuning
{
    /// <summary>The options to pass.</summary>
    /// <param name="provider">Any of the provider's names.</param>
    /// <param name="device">What is wanted.</param>
    /// <param name="others">Options of the provider that are added to these, or replace them.</param>
    public static IReadOnlyDictionary<string, string> For(string provider, DeviceOptions device, IReadOnlyDictionary<string, string> others)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(others);
        var profile = ProviderProfiles.Of(provider);
        var options = profile.Options.ToDictionary();
        if (device.MemoryLimit is { } limit && profile.MemoryOption is { } memory)
        {
            options[memory] = limit.ToString(CultureInfo.InvariantCulture);
        }

        if (device.CacheFolder is { } folder)
        {
            foreach (var name in profile.KeepOptions)
            {
                options[name] = "1";
            }

            foreach (var name in profile.FolderOptions)
            {
                options[name] = folder;
            }
        }

        foreach (var (name, value) in others)
        {
            options[name] = value;
        }

        return options;
    }

    /// <summary>Why an option may not be given, in one line; null when all may.</summary>
    /// <param name="provider">Any of the provider's names.</param>
    /// <param name="options">Options of the provider.</param>
    public static string? FindRefused(string provider, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var profile = ProviderProfiles.Of(provider);
        var recording = options.Keys.FirstOrDefault(name => profile.RecordingOptions.Contains(name, StringComparer.OrdinalIgnoreCase));
        return recording is null
            ? null
            : $"The option {recording} of {profile.ShortName} plays back a recorded run, with the weights and latents of that run: "
                + "leave it out.";
    }
}
