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
    public static bool IsPresent(string provider, string libraryPath) =>
        !ProviderProfiles.Of(provider).HasOwnLibrary || File.Exists(PathOf(provider, libraryPath));

    /// <summary>Where the provider's file is, if it has one of its own.</summary>
    /// <inheritdoc cref="IsPresent" path="/param"/>
    public static string PathOf(string provider, string libraryPath) =>
        Path.Combine(Path.GetDirectoryName(libraryPath)!, FileName(ProviderProfiles.Of(provider).ShortName));

    private static string FileName(string provider) =>
        OperatingSystem.IsWindows() ? $"onnxruntime_providers_{provider}.dll"
        : OperatingSystem.IsMacOS() ? $"libonnxruntime_providers_{provider}.dylib"
        : $"libonnxruntime_providers_{provider}.so";
}
