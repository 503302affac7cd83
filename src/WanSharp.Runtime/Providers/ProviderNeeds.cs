namespace WanSharp.Runtime.Providers;

/// <summary>What must be there for a provider to be worth choosing unasked.</summary>
internal enum ProviderNeeds
{
    /// <summary>Nothing is known of its device: it is used only when asked for.</summary>
    Unknown,

    /// <summary>A processor, which is always there.</summary>
    Nothing,

    /// <summary>NVIDIA's driver, CUDA and cuDNN.</summary>
    Cuda,

    /// <summary>A GPU with a driver that is not a program.</summary>
    Gpu,

    /// <summary>Windows.</summary>
    Windows,

    /// <summary>macOS.</summary>
    MacOS,
}
