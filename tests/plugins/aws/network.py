"""EC2's network, and names in Route 53."""

from __future__ import annotations

from typing import Any

from tests.plugins.aws import words
from tests.plugins.aws.kind import Aws, Kind, none_if_gone
from tests.plugins.protocol_values import Props


class Ec2Kind(Kind):
    """What EC2 makes up the id of: a call to make it, one to look, one to delete."""

    service = "ec2"
    autonames = False
    made: str  # key of the answer, such as Vpc
    id_word: str  # VpcId
    looks: str  # DescribeVpcs
    resource_type: str  # vpc, for tags

    def create(self, aws: Aws, inputs: Props) -> str:
        request = self.request(aws, self.creates, inputs)
        if inputs.get("tags"):
            request["TagSpecifications"] = [{"ResourceType": self.resource_type, "Tags": words.tags(inputs)}]
        answer = aws.call("ec2", self.creates, **request)
        return str((answer[self.made] if self.made else answer)[self.id_word])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("ec2", self.looks, **{f"{self.id_word}s": [id_]}))
        rows = next((value for key, value in (answer or {}).items() if isinstance(value, list)), [])
        return dict(rows[0]) if rows else None

    def found(self, said: Props, inputs: Props) -> Props:
        there = super().found(said, inputs)
        if "tags" in inputs:
            there["tags"] = words.tags_found(said.get("Tags", []))
        return there

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        arn = f"arn:aws:ec2:{aws.region}:123456789012:{self.resource_type}/{id_}"
        return {"arn": arn, "tagsAll": inputs.get("tags") or {}}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        if (old.get("tags") or {}) != (new.get("tags") or {}):
            gone = sorted(set(old.get("tags") or {}) - set(new.get("tags") or {}))
            if gone:
                aws.call("ec2", "DeleteTags", Resources=[id_], Tags=[{"Key": key} for key in gone])
            aws.call("ec2", "CreateTags", Resources=[id_], Tags=words.tags(new))

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("ec2", self.removes, **{self.id_word: id_})


class Vpc(Ec2Kind):
    """aws:ec2/vpc:Vpc."""

    creates, removes, looks = "CreateVpc", "DeleteVpc", "DescribeVpcs"
    made, id_word, resource_type = "Vpc", "VpcId", "vpc"
    replacing = frozenset({"cidrBlock"})
    ignored = frozenset({"tags", "enableDnsHostnames", "enableDnsSupport"})

    def create(self, aws: Aws, inputs: Props) -> str:
        id_ = super().create(aws, inputs)
        for name in ("EnableDnsHostnames", "EnableDnsSupport"):
            wanted = inputs.get(name[0].lower() + name[1:])
            if wanted is not None:
                aws.call("ec2", "ModifyVpcAttribute", VpcId=id_, **{name: {"Value": bool(wanted)}})
        return id_


class Subnet(Ec2Kind):
    """aws:ec2/subnet:Subnet."""

    creates, removes, looks = "CreateSubnet", "DeleteSubnet", "DescribeSubnets"
    made, id_word, resource_type = "Subnet", "SubnetId", "subnet"
    replacing = frozenset({"cidrBlock", "availabilityZone", "vpcId"})
    ignored = frozenset({"tags", "mapPublicIpOnLaunch"})


class RouteTable(Ec2Kind):
    """aws:ec2/routeTable:RouteTable."""

    creates, removes, looks = "CreateRouteTable", "DeleteRouteTable", "DescribeRouteTables"
    made, id_word, resource_type = "RouteTable", "RouteTableId", "route-table"
    replacing = frozenset({"vpcId"})
    ignored = frozenset({"tags", "routes"})


class RouteTableAssociation(Kind):
    """aws:ec2/routeTableAssociation:RouteTableAssociation."""

    service, creates = "ec2", "AssociateRouteTable"
    autonames = False
    replacing = frozenset({"subnetId", "routeTableId"})

    def create(self, aws: Aws, inputs: Props) -> str:
        return str(aws.call("ec2", self.creates, **self.request(aws, self.creates, inputs))["AssociationId"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        tables = aws.call("ec2", "DescribeRouteTables", RouteTableIds=[inputs["routeTableId"]])["RouteTables"]
        ids = [each["RouteTableAssociationId"] for table in tables for each in table["Associations"]]
        return {} if id_ in ids else None

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("ec2", "DisassociateRouteTable", AssociationId=id_)


class SecurityGroup(Ec2Kind):
    """aws:ec2/securityGroup:SecurityGroup, its rules as resources of their own."""

    creates, removes, looks = "CreateSecurityGroup", "DeleteSecurityGroup", "DescribeSecurityGroups"
    made, id_word, resource_type = "", "GroupId", "security-group"
    autonames = True
    aliases = {"name": "GroupName"}
    replacing = frozenset({"description", "vpcId", "namePrefix"})
    ignored = frozenset({"tags", "revokeRulesOnDelete", "namePrefix"})

    def create(self, aws: Aws, inputs: Props) -> str:
        id_ = super().create(aws, {"description": "Managed by Pulumi", **inputs})
        everywhere = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}  # the real provider drops it, too
        aws.call("ec2", "RevokeSecurityGroupEgress", GroupId=id_, IpPermissions=[everywhere])
        return id_


class DefaultSecurityGroup(Ec2Kind):
    """aws:ec2/defaultSecurityGroup:DefaultSecurityGroup: a VPC's own, taken over and emptied; it goes with the VPC."""

    looks, id_word, resource_type = "DescribeSecurityGroups", "GroupId", "security-group"
    creates = removes = made = ""
    replacing = frozenset({"vpcId"})
    ignored = frozenset({"tags", "ingress", "egress"})

    def create(self, aws: Aws, inputs: Props) -> str:
        mine = [{"Name": "vpc-id", "Values": [inputs["vpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
        (row,) = aws.call("ec2", "DescribeSecurityGroups", Filters=mine)["SecurityGroups"]
        self._emptied(aws, row)
        if inputs.get("tags"):
            aws.call("ec2", "CreateTags", Resources=[row["GroupId"]], Tags=words.tags(inputs))
        return str(row["GroupId"])

    def _emptied(self, aws: Aws, row: Props) -> None:
        for rules, direction in (("IpPermissions", "Ingress"), ("IpPermissionsEgress", "Egress")):
            if row[rules]:
                aws.call("ec2", f"RevokeSecurityGroup{direction}", GroupId=row["GroupId"], IpPermissions=row[rules])

    def found(self, said: Props, inputs: Props) -> Props:
        open_to = {"ingress": said["IpPermissions"], "egress": said["IpPermissionsEgress"]}
        rules = {name: [{"protocol": one["IpProtocol"]} for one in rows] for name, rows in open_to.items()}
        return super().found(said, inputs) | rules

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        super().update(aws, id_, old, new)
        self._emptied(aws, aws.call("ec2", self.looks, GroupIds=[id_])["SecurityGroups"][0])

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        """Only forgotten, as the real provider does."""


class IngressRule(Kind):
    """aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule."""

    service, creates, revokes = "ec2", "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"
    autonames = False
    replacing = frozenset(
        {"securityGroupId", "referencedSecurityGroupId", "cidrIpv4", "fromPort", "toPort", "ipProtocol"}
        | {"prefixListId", "cidrIpv6"}
    )

    def create(self, aws: Aws, inputs: Props) -> str:
        permission: dict[str, Any] = {"IpProtocol": str(inputs["ipProtocol"])}
        permission |= {
            word: int(inputs[name]) for name, word in (("fromPort", "FromPort"), ("toPort", "ToPort")) if name in inputs
        }
        told = {"Description": inputs["description"]} if inputs.get("description") else {}
        if inputs.get("referencedSecurityGroupId"):
            permission["UserIdGroupPairs"] = [{"GroupId": inputs["referencedSecurityGroupId"], **told}]
        if inputs.get("cidrIpv4"):
            permission["IpRanges"] = [{"CidrIp": inputs["cidrIpv4"], **told}]
        answer = aws.call("ec2", self.creates, GroupId=inputs["securityGroupId"], IpPermissions=[permission])
        return str(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        ask = [{"Name": "group-id", "Values": [inputs["securityGroupId"]]}]
        rows = none_if_gone(lambda: aws.call("ec2", "DescribeSecurityGroupRules", Filters=ask))
        there = [each for each in (rows or {}).get("SecurityGroupRules", []) if each["SecurityGroupRuleId"] == id_]
        return dict(there[0]) if there else None

    def found(self, said: Props, inputs: Props) -> Props:
        return dict(inputs)  # a rule is what it was made as, or gone

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"securityGroupRuleId": id_}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("ec2", self.revokes, GroupId=inputs["securityGroupId"], SecurityGroupRuleIds=[id_])


class EgressRule(IngressRule):
    """aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule."""

    creates, revokes = "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress"


class VpcEndpoint(Ec2Kind):
    """aws:ec2/vpcEndpoint:VpcEndpoint."""

    creates, removes, looks = "CreateVpcEndpoint", "DeleteVpcEndpoints", "DescribeVpcEndpoints"
    made, id_word, resource_type = "VpcEndpoint", "VpcEndpointId", "vpc-endpoint"
    replacing = frozenset({"vpcId", "serviceName", "vpcEndpointType"})

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("ec2", self.removes, VpcEndpointIds=[id_])


class Zone(Kind):
    """aws:route53/zone:Zone, a private one."""

    service, creates = "route53", "CreateHostedZone"
    autonames = False

    def create(self, aws: Aws, inputs: Props) -> str:
        vpcs = [
            {"VPCRegion": each.get("vpcRegion") or aws.region, "VPCId": each["vpcId"]}
            for each in inputs.get("vpcs") or []
        ]
        private = {"VPC": vpcs[0], "HostedZoneConfig": {"PrivateZone": True}} if vpcs else {}
        answer = aws.call("route53", self.creates, Name=inputs["name"], CallerReference=inputs["name"], **private)
        return str(answer["HostedZone"]["Id"]).rpartition("/")[2]

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("route53", "GetHostedZone", Id=id_))
        return dict(answer["HostedZone"]) if answer else None

    def found(self, said: Props, inputs: Props) -> Props:
        return dict(inputs)

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"zoneId": id_}

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        aws.call("route53", "DeleteHostedZone", Id=id_)


class Record(Kind):
    """aws:route53/record:Record."""

    service, creates = "route53", "ChangeResourceRecordSets"
    autonames = False
    replacing = frozenset({"zoneId", "name", "type"})

    def create(self, aws: Aws, inputs: Props) -> str:
        self._change(aws, "CREATE", inputs)
        return f"{inputs['zoneId']}_{inputs['name']}_{inputs['type']}"

    def _change(self, aws: Aws, action: str, inputs: Props) -> None:
        rows: dict[str, Any] = {"Name": inputs["name"], "Type": inputs["type"]}
        if inputs.get("aliases"):
            alias = inputs["aliases"][0]
            rows["AliasTarget"] = {
                "HostedZoneId": alias["zoneId"], "DNSName": alias["name"],
                "EvaluateTargetHealth": bool(alias.get("evaluateTargetHealth")),
            }  # fmt: skip
        else:
            rows |= {"TTL": int(inputs["ttl"]), "ResourceRecords": [{"Value": each} for each in inputs["records"]]}
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": rows}]}
        aws.call("route53", self.creates, HostedZoneId=inputs["zoneId"], ChangeBatch=batch)

    def describe(self, aws: Aws, id_: str, inputs: Props) -> Props | None:
        answer = none_if_gone(lambda: aws.call("route53", "ListResourceRecordSets", HostedZoneId=inputs["zoneId"]))
        rows = (answer or {}).get("ResourceRecordSets", [])
        same = [e for e in rows if e["Name"].rstrip(".") == inputs["name"].rstrip(".") and e["Type"] == inputs["type"]]
        return dict(same[0]) if same else None

    def found(self, said: Props, inputs: Props) -> Props:
        rows = [each["Value"] for each in said.get("ResourceRecords", [])]
        return {**inputs, **({"records": rows, "ttl": said.get("TTL")} if rows else {})}

    def outputs(self, aws: Aws, id_: str, said: Props, inputs: Props) -> Props:
        return {"fqdn": inputs["name"]}

    def update(self, aws: Aws, id_: str, old: Props, new: Props) -> None:
        self._change(aws, "UPSERT", new)

    def remove(self, aws: Aws, id_: str, inputs: Props) -> None:
        self._change(aws, "DELETE", inputs)
