using System.Text.Json.Serialization;

namespace WanSharp.Server.Comfy;

/// <summary>Names of uploaded pictures as JSON.</summary>
[JsonSerializable(typeof(string[]))]
internal sealed partial class InputJson : JsonSerializerContext;
