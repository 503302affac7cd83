using WanSharp.Runtime.Providers;

namespace WanSharp.Runtime;

/// <summary>Which providers compute in memory of their own, and what the library calls it.</summary>
internal static class ProviderMemory
{
    /// <summary>The device is the process's, so its lock is too: see <see cref="ProviderProfile.SharesDevice"/>.</summary>
    private static readonly Lock SharedDevice = new();

    /// <summary>What calls to a provider's device take turns by.</summary>
    public static Lock? TurnOf(string provider) => ProviderProfiles.Of(provider).SharesDevice ? SharedDevice : null;

    /// <summary>The memory that sessions of these settings keep values in.</summary>
    /// <exception cref="OrtException">The library knows none of the memory's names.</exception>
    public static SessionMemory Open(OrtRuntime runtime, SessionSettings settings)
    {
        var names = ProviderProfiles.Of(settings.Provider).MemoryNames;
        for (var i = 0; i < names.Count; i++)
        {
            try
            {
                return new DeviceMemory(runtime, settings, names[i]);
            }
            catch (OrtException) when (i + 1 < names.Count)
            {
                // An older library has the older name.
            }
        }

        return new HostMemory(runtime);
    }
}
