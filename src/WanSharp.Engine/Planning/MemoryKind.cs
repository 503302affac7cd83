using System.Text.Json.Serialization;

namespace WanSharp.Engine.Planning;

/// <summary>Whose memory a part is in, and for how long.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MemoryKind>))]
public enum MemoryKind
{
    /// <summary>Files that are mapped: page cache, which the system may drop and read again.</summary>
    Mapped,

    /// <summary>The process's own, from its first use until the model is closed.</summary>
    Kept,

    /// <summary>The process's own while a stage runs; the next stage uses the same.</summary>
    Stage,
}
