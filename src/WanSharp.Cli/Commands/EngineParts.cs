namespace WanSharp.Cli.Commands;

/// <summary>Options of an engine that a command may have no use for.</summary>
[Flags]
internal enum EngineParts
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The execution provider and its options.</summary>
    Provider = 1,

    /// <summary>What networks compute in.</summary>
    Precision = 2,

    /// <summary>How networks are compiled.</summary>
    Compile = 4,

    /// <summary>The memory limits, and how much stays compiled.</summary>
    Limits = 8,

    /// <summary>How LoRAs change the model.</summary>
    Loras = 16,
}
