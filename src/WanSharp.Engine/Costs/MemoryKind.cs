using System.Text.Json.Serialization;

namespace WanSharp.Engine.Costs;

/// <summary>What kind of memory a part is in, and for how long.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MemoryKind>))]
public enum MemoryKind
{
    /// <summary>Mapped files: page cache, which the system may drop and read again.</summary>
    Mapped,

    /// <summary>Private memory, from its first use until the model is closed.</summary>
    Kept,

    /// <summary>Private memory while a stage runs; the next stage reuses it.</summary>
    Stage,
}
