using WanSharp.Graphs;
using WanSharp.Runtime.Providers;

namespace WanSharp.Runtime;

/// <summary>How networks are written for a provider's device.</summary>
internal static class ProviderGraphs
{
    /// <summary>What the provider's row says; attention that is wrong on some devices is tried on this one.</summary>
    public static GraphOptions For(OrtRuntime runtime, SessionSettings settings)
    {
        var profile = ProviderProfiles.Of(settings.Provider);
        return profile.Graphs with
        {
            Compute = settings.Compute,
            FusedAttention = !profile.TriesAttention || FusedAttentionCheck.IsRight(runtime, settings),
        };
    }
}
