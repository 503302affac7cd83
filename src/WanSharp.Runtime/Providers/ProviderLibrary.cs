namespace WanSharp.Runtime.Providers;

/// <summary>
/// The execution providers that live in a file of their own next to the ONNX Runtime library. A library is often built for more
/// providers than it was delivered with.
/// </summary>
internal static class ProviderLibrary
{
    /// <summary>Whether a provider that a library names can be loaded, as far as files tell.</summary>
    /// <param name="provider">Any of the provider's names.</param>
    /// <param name="libraryPath">The ONNX Runtime library.</param>
    public static bool IsPresent(string provider, string libraryPath)
    {
        var profile = ProviderProfiles.Of(provider);
        return !profile.HasOwnLibrary || File.Exists(Path.Combine(Path.GetDirectoryName(libraryPath)!, FileName(profile.ShortName)));
    }

    private static string FileName(string provider) =>
        OperatingSystem.IsWindows() ? $"onnxruntime_providers_{provider}.dll"
        : OperatingSystem.IsMacOS() ? $"libonnxruntime_providers_{provider}.dylib"
        : $"libonnxruntime_providers_{provider}.so";
}
