using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace WanSharp.Media.Metadata;

/// <summary>The settings in XMP, as its description (<c>dc:description</c>), which other programs show too.</summary>
internal static class XmpPacket
{
    private static readonly XNamespace Meta = "adobe:ns:meta/";
    private static readonly XNamespace Rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    private static readonly XNamespace DublinCore = "http://purl.org/dc/elements/1.1/";

    /// <summary>A packet with this description.</summary>
    public static byte[] Write(string text)
    {
        var packet = new XElement(
            Meta + "xmpmeta",
            new XAttribute(XNamespace.Xmlns + "x", Meta),
            new XElement(
                Rdf + "RDF",
                new XAttribute(XNamespace.Xmlns + "rdf", Rdf),
                new XElement(
                    Rdf + "Description",
                    new XAttribute(Rdf + "about", ""),
                    new XAttribute(XNamespace.Xmlns + "dc", DublinCore),
                    new XElement(
                        DublinCore + "description",
                        new XElement(
                            Rdf + "Alt",
                            new XElement(Rdf + "li", new XAttribute(XNamespace.Xml + "lang", "x-default"), Escape(text))
                        )
                    )
                )
            )
        );
        using var bytes = new MemoryStream();
        var settings = new XmlWriterSettings
        {
            OmitXmlDeclaration = true,
            NewLineHandling = NewLineHandling.Entitize,
            Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        using (var writer = XmlWriter.Create(bytes, settings))
        {
            packet.WriteTo(writer);
        }

        return bytes.ToArray();
    }

    /// <summary>JSON without characters that XML has no place for: in its strings, escapes mean the same.</summary>
    private static string Escape(string json)
    {
        var escaped = new StringBuilder(json.Length);
        for (var i = 0; i < json.Length; i++)
        {
            if (i + 1 < json.Length && char.IsSurrogatePair(json[i], json[i + 1]))
            {
                escaped.Append(json[i]).Append(json[++i]);
            }
            else if (XmlConvert.IsXmlChar(json[i]))
            {
                escaped.Append(json[i]);
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)json[i]:x4}");
            }
        }

        return escaped.ToString();
    }

    /// <summary>The description, or null.</summary>
    public static string? Read(byte[] packet)
    {
        try
        {
            using var stream = new MemoryStream(packet, writable: false);
            using var reader = XmlReader.Create(
                stream,
                new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null }
            );
            return XElement
                .Load(reader, LoadOptions.PreserveWhitespace)
                .Descendants(DublinCore + "description")
                .Descendants(Rdf + "li")
                .FirstOrDefault()
                ?.Value;
        }
        catch (XmlException)
        {
            return null; // somebody else's
        }
    }
}
